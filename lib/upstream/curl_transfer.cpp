#include "upstream/curl_transfer.h"

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <cassert>
#include <cstring>
#include <span>
#include <utility>

#include "core/private_address.h"
#include "upstream/connect_failure.h"
#include "upstream/curl_upstream_client.h"

namespace responses_proxy {

namespace {

constexpr long kReadBuffer = 16 * 1024;

constexpr int kSwitchingProtocols = 101;
constexpr int kFirstFinalStatus = 200;
constexpr int kNotModified = 304;
// As far as curl was built with them.
constexpr std::array<std::string_view, 5> kCurlCodings = {"gzip", "x-gzip", "deflate", "br",
                                                          "zstd"};

// Doing it twice is the same as doing it once (RFC 9110, 9.2.2).
bool is_idempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
         method == "DELETE";
}

}  // namespace

CurlTransfer::CurlTransfer(CurlUpstreamClient& client, const Clock& clock, CURL* easy_handle,
                           UpstreamRequest request, UpstreamHandler& owner)
    : easy(easy_handle),
      handler(&owner),
      client_(client),
      clock_(clock),
      request_(std::move(request)),
      waiting_since_(clock.steady()) {
  set_options();
  set_body_options();
  set_headers();
}

CurlTransfer::~CurlTransfer() {
  curl_slist_free_all(header_list_);
}

// Curl may send again what it has sent; what is over stays over.
void CurlTransfer::go_to(Stage next) {
  assert(stage_ != Stage::over && next != Stage::connecting);
  stage_ = next;
}

void CurlTransfer::set_options() {
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  if (request_.unix_socket.starts_with('@')) {
    curl_easy_setopt(easy, CURLOPT_ABSTRACT_UNIX_SOCKET, request_.unix_socket.c_str() + 1);
  } else if (!request_.unix_socket.empty()) {
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request_.unix_socket.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text_);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &CurlTransfer::on_write);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &CurlTransfer::on_connected);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
  // The connection may outlive this transfer, not its client.
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &CurlTransfer::on_close);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &client_);
  if (!client_.allows_private() && request_.unix_socket.empty()) {
    // A proxy of the environment would resolve the name itself, and connect to whatever it is.
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &CurlTransfer::on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  }
  // Only the client's own store counts, which WebSocket uses, too.
  curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);
  curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
#if LIBCURL_VERSION_NUM >= 0x075700
  curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);  // else it keeps a store of before a reload
#endif
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, &CurlTransfer::on_tls);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, this);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kReadBuffer);
  // Without it curl resets SIGPIPE around every wait, at a cost that grows with the threads.
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  const auto milliseconds = [](Millis m) { return static_cast<long>(m.count()); };
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request_.timeouts.connect));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds(request_.timeouts.total));
}

void CurlTransfer::set_body_options() {
  const std::string& method = request_.method;
  if (method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  if (!request_.body.empty() || method == "POST" || method == "PUT" || method == "PATCH") {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.empty() ? "" : request_.body.data());
  }
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
}

void CurlTransfer::set_headers() {
  const auto append = [this](const std::string& line) {
    header_list_ = curl_slist_append(header_list_, line.c_str());
  };
  std::string line;
  for (const Header& field : request_.headers) {
    // curl reads "Name:" as "leave this header out"; "Name;" sends it empty.
    line.assign(field.name).append(field.value.empty() ? ";" : ": ").append(field.value);
    append(line);
  }
  // What goes up, and that curl takes off any coding it knows.
  if (decodes()) curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "identity");
  // What curl would add of its own.
  append("Expect:");
  if (!request_.headers.find("accept")) append("Accept:");
  if (!request_.headers.find("content-type")) append("Content-Type:");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, header_list_);
}

bool CurlTransfer::decodes() const {
  return !request_.headers.find("accept-encoding");
}

// Before each sending: curl repeats a request when a kept connection ends without a byte of answer.
int CurlTransfer::on_connected(void* self, char*, char*, int, int local_port) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  if (!transfer.client_.kept_sockets().is_silent(static_cast<std::uint16_t>(local_port))) {
    transfer.strayed_ = true;
    return CURL_PREREQFUNC_ABORT;
  }
  const bool again = transfer.stage_ == Stage::sent;
  transfer.go_to(Stage::sent);
  return again && !is_idempotent(transfer.request_.method) ? CURL_PREREQFUNC_ABORT
                                                           : CURL_PREREQFUNC_OK;
}

void CurlTransfer::use_fresh_connection() {
  strayed_ = false;
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
}

// The address that a name has turned out to have, just before it is connected to.
curl_socket_t CurlTransfer::on_open(void* self, curlsocktype, curl_sockaddr* address) {
  boost::asio::ip::tcp::endpoint endpoint;
  if (address->addrlen > endpoint.capacity()) return CURL_SOCKET_BAD;
  std::memcpy(endpoint.data(), &address->addr, address->addrlen);
  endpoint.resize(address->addrlen);
  if (is_private_address(endpoint.address())) {
    static_cast<CurlTransfer*>(self)->forbidden_ = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int CurlTransfer::on_close(void* client, curl_socket_t socket) {
  static_cast<CurlUpstreamClient*>(client)->kept_sockets().forget(socket);
  return ::close(socket);
}

CURLcode CurlTransfer::on_tls(CURL*, void* context, void* self) {
  const auto store = static_cast<CurlTransfer*>(self)->client_.trust().store();
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(context), store.get());
  return CURLE_OK;
}

std::size_t CurlTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  const std::size_t length = size * count;
  return static_cast<CurlTransfer*>(self)->header_line({data, length}) ? length : 0;
}

bool CurlTransfer::header_line(std::string_view line) {
  if (has_head()) return true;  // a trailer
  if (!head_.take(line)) return refuse(head_.fault());
  return !head_.ended() || end_head();
}

// The status is curl's: it alone decides what of a status line it can read.
bool CurlTransfer::end_head() {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  if (status == kSwitchingProtocols) return refuse("it switches to a protocol nobody asked for");
  if (status < 100) return refuse("it has no status");
  if (status < kFirstFinalStatus) {
    head_.restart();
    return true;
  }
  const bool decoded = decodes() && request_.method != "HEAD" && status != kNotModified;
  const auto known = decoded ? std::span<const std::string_view>(kCurlCodings)
                             : std::span<const std::string_view>();
  if (!head_.settle(static_cast<int>(status), known)) return refuse(head_.fault());
  if (head_.ambiguous()) curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  status_ = static_cast<int>(status);
  head_stage_ = HeadStage::complete;
  waiting_since_ = clock_.steady();
  client_.ready(*this);
  return true;
}

// What came is no answer; curl ends the transfer, and its connection.
bool CurlTransfer::refuse(std::string_view fault) {
  if (result_.error == UpstreamError::none) {
    result_.error = UpstreamError::protocol;
    result_.detail = fault;
  }
  return false;
}

std::size_t CurlTransfer::on_write(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const std::size_t length = size * count;
  // The one place that keeps handlers from a body without a head, whatever curl takes for one.
  if (!transfer.has_head()) {
    transfer.refuse("a body without a head");
    return 0;
  }
  if (transfer.inbox_.size() + length > UpstreamClient::kInboxBytes) {
    transfer.curl_paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  transfer.waiting_since_ = transfer.clock_.steady();
  transfer.inbox_.append(data, length);
  transfer.client_.ready(transfer);
  return length;
}

// The requests of HTTP/2 share a connection, on which something may arrive at any time.
void CurlTransfer::keep_socket() {
  long version = 0;
  long port = 0;
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
  curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &port);
  curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket);
  if (version != CURL_HTTP_VERSION_1_1 || port == 0 || socket == CURL_SOCKET_BAD) return;
  client_.kept_sockets().keep(static_cast<std::uint16_t>(port), socket);
}

void CurlTransfer::finished(CURLcode code) {
  long new_connections = 0;
  curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &new_connections);
  const auto time_of = [this](CURLINFO what) {
    curl_off_t time = 0;
    curl_easy_getinfo(easy, what, &time);
    return time;
  };
  const curl_off_t ready_us = time_of(CURLINFO_PRETRANSFER_TIME_T);
  result_.reused_connection = new_connections == 0 && ready_us > 0;
  result_.resolve_time = std::chrono::microseconds(time_of(CURLINFO_NAMELOOKUP_TIME_T));
  result_.connect_time = std::chrono::microseconds(time_of(CURLINFO_CONNECT_TIME_T));
  result_.tls_time = std::chrono::microseconds(time_of(CURLINFO_APPCONNECT_TIME_T));
  if (code == CURLE_OK) keep_socket();
  if (result_.error == UpstreamError::none) tell_error(code);  // else it was refused
  go_to(Stage::over);
}

void CurlTransfer::tell_error(CURLcode code) {
  result_.error = error_of(code);
  std::string_view words = error_text_[0] != '\0' ? error_text_ : curl_easy_strerror(code);
  if (forbidden_) words = kPrivateAddress;
  if (is_connect_failure(result_.error)) {
    ConnectFailure failure = connect_failure(result_.error, request_.url, words);
    result_.error = failure.error;
    result_.detail = std::move(failure.detail);
  } else if (result_.error == UpstreamError::protocol) {
    result_.detail = words;
  }
}

UpstreamError CurlTransfer::error_of(CURLcode code) const {
  switch (code) {
    case CURLE_OK:
      // curl takes a connection closed inside the head for its end.
      return has_head() ? UpstreamError::none : UpstreamError::closed;
    case CURLE_COULDNT_RESOLVE_HOST:
      return UpstreamError::connect_name_not_found;
    case CURLE_COULDNT_CONNECT:
      return error_of_connect();
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
      return UpstreamError::connect_tls;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return UpstreamError::connect_certificate;
    case CURLE_OPERATION_TIMEDOUT:
      return stage_ == Stage::sent ? UpstreamError::total_timeout : UpstreamError::connect_timeout;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_BAD_FUNCTION_ARGUMENT:  // its word for a field without a name
    case CURLE_HTTP2:
    case CURLE_OUT_OF_MEMORY:  // its word for a header line beyond its own limit
#if LIBCURL_VERSION_NUM >= 0x080600
    case CURLE_TOO_LARGE:
#endif
      return stage_ == Stage::sent ? UpstreamError::protocol : UpstreamError::connect;
    default:
      if (stage_ == Stage::connecting) return UpstreamError::connect;
      return has_head() ? UpstreamError::truncated : UpstreamError::closed;
  }
}

UpstreamError CurlTransfer::error_of_connect() const {
  long error = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
  return error_of_errno(static_cast<int>(error));
}

UpstreamError CurlTransfer::overdue(SteadyTime now) {
  if (stage_ == Stage::over || paused_) return UpstreamError::none;
  const UpstreamTimeouts& limits = request_.timeouts;
  const auto past = [now](Millis limit, SteadyTime since) {
    return limit > Millis::zero() && now - since >= limit;
  };
  if (has_head()) {
    return past(limits.idle, waiting_since_) ? UpstreamError::idle_timeout : UpstreamError::none;
  }
  if (connected() && body_sent()) {
    return past(limits.first_byte, waiting_since_) ? UpstreamError::first_byte_timeout
                                                   : UpstreamError::none;
  }
  waiting_since_ = now;
  if (!connected() || bytes_sent() > sent_) {
    sent_ = bytes_sent();
    sent_since_ = now;
  }
  return past(limits.idle, sent_since_) ? UpstreamError::write_timeout : UpstreamError::none;
}

void CurlTransfer::fail(UpstreamError error) {
  result_.error = error;
  go_to(Stage::over);
}

void CurlTransfer::resume() {
  if (!paused_) return;
  paused_ = false;
  waiting_since_ = clock_.steady();
  if (!inbox_.empty() || stage_ == Stage::over) {
    client_.ready(*this);
    client_.deliver_soon();
  }
  unpause_curl();
}

void CurlTransfer::unpause_curl() {
  if (easy == nullptr || !std::exchange(curl_paused_, false)) return;
  curl_easy_pause(easy, CURLPAUSE_CONT);  // may call on_write
  client_.deliver_soon();
}

bool CurlTransfer::connected() const {
  curl_off_t connected_us = 0;
  curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
  return connected_us > 0;
}

std::size_t CurlTransfer::bytes_sent() const {
  curl_off_t sent = 0;
  curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &sent);
  return static_cast<std::size_t>(sent);
}

bool CurlTransfer::body_sent() const {
  return easy == nullptr || bytes_sent() >= request_.body.size();
}

}  // namespace responses_proxy
