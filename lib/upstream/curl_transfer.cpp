#include "upstream/curl_transfer.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "upstream/curl_upstream_client.h"

namespace responses_proxy {

namespace {

constexpr long kReadBuffer = 16 * 1024;

UpstreamError error_of(CURLcode code, bool connected, bool head_complete) {
  switch (code) {
    case CURLE_OK:
      return UpstreamError::none;
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
      return UpstreamError::connect;
    case CURLE_OPERATION_TIMEDOUT:
      return connected ? UpstreamError::total_timeout : UpstreamError::connect_timeout;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return UpstreamError::protocol;
    default:
      return head_complete ? UpstreamError::truncated : UpstreamError::closed;
  }
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace

CurlTransfer::CurlTransfer(CurlUpstreamClient& client, const Clock& clock, CURL* easy_handle,
                           UpstreamRequest request, UpstreamHandler& owner)
    : easy(easy_handle),
      handler(&owner),
      client_(client),
      clock_(clock),
      request_(std::move(request)),
      last_activity_(clock.steady()) {
  set_options();
  set_body_options();
  set_headers();
}

CurlTransfer::~CurlTransfer() {
  curl_slist_free_all(header_list_);
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
  for (const Header& field : request_.headers) {
    // curl reads "Name:" as "leave this header out"; "Name;" sends it empty.
    append(field.value.empty() ? field.name + ";" : field.name + ": " + field.value);
  }
  // What curl would add of its own.
  append("Expect:");
  if (!request_.headers.find("accept")) append("Accept:");
  if (!request_.headers.find("content-type")) append("Content-Type:");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, header_list_);
}

std::size_t CurlTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  static_cast<CurlTransfer*>(self)->header_line({data, size * count});
  return size * count;
}

void CurlTransfer::header_line(std::string_view line) {
  last_activity_ = clock_.steady();
  if (head_complete_) return;       // trailers
  if (line.starts_with("HTTP/")) {  // a new head: after an interim answer, too
    headers_ = {};
    status_ = 0;
    if (const auto space = line.find(' '); space != std::string_view::npos) {
      const std::string_view digits = line.substr(space + 1);
      std::from_chars(digits.data(), digits.data() + digits.size(), status_);
    }
    return;
  }
  line = trim(line);
  if (line.empty()) {
    head_complete_ = status_ >= 200;
    if (head_complete_) client_.ready(*this);
    return;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  headers_.add(std::string(line.substr(0, colon)), std::string(trim(line.substr(colon + 1))));
}

std::size_t CurlTransfer::on_write(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const std::size_t length = size * count;
  if (transfer.inbox_.size() + length > UpstreamClient::kInboxBytes) {
    transfer.curl_paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  transfer.last_activity_ = transfer.clock_.steady();
  transfer.inbox_.append(data, length);
  transfer.client_.ready(transfer);
  return length;
}

void CurlTransfer::finished(CURLcode code) {
  long new_connections = 0;
  curl_off_t connect_us = 0;
  curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &new_connections);
  curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connect_us);
  curl_off_t ready_us = 0;
  curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &ready_us);
  result_.reused_connection = new_connections == 0 && ready_us > 0;
  result_.connect_time = std::chrono::microseconds(connect_us);
  result_.error = error_of(code, ready_us > 0, head_complete_);
  if (code != CURLE_OK) {
    result_.detail = error_text_[0] != '\0' ? error_text_ : curl_easy_strerror(code);
  } else if (!head_complete_) {
    fail(UpstreamError::closed);  // curl takes a connection closed inside the head for its end
  }
  done_ = true;
}

UpstreamError CurlTransfer::overdue(SteadyTime now) {
  if (done_ || paused_) return UpstreamError::none;
  if (!head_complete_ && !request_sent()) last_activity_ = now;
  const Millis limit = head_complete_ ? request_.timeouts.idle : request_.timeouts.first_byte;
  if (limit <= Millis::zero() || now - last_activity_ < limit) return UpstreamError::none;
  return head_complete_ ? UpstreamError::idle_timeout : UpstreamError::first_byte_timeout;
}

void CurlTransfer::fail(UpstreamError error) {
  result_.error = error;
  result_.detail = to_string(error);
  done_ = true;
}

void CurlTransfer::resume() {
  if (!paused_) return;
  paused_ = false;
  last_activity_ = clock_.steady();
  if (!inbox_.empty() || done_) {
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

bool CurlTransfer::request_sent() const {
  curl_off_t connected_us = 0;
  curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
  return connected_us > 0 && body_sent();
}

bool CurlTransfer::body_sent() const {
  if (easy == nullptr) return true;
  curl_off_t sent = 0;
  curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &sent);
  return static_cast<std::size_t>(sent) >= request_.body.size();
}

}  // namespace responses_proxy
