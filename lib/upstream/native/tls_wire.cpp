#include "upstream/native/tls_wire.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <new>
#include <utility>

#include "upstream/tls_context.h"

namespace responses_proxy {

namespace {

// Of a record. Head and body of a small request go out in one.
constexpr std::size_t kRecordBytes = 16 * 1024;
// ALPN's form of a list: a length before each name.
constexpr std::array<unsigned char, 9> kProtocols = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

int socket_of(BIO* bio) {
  return static_cast<const TlsWire*>(BIO_get_data(bio))->socket();
}

bool would_wait_for_socket() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int read_socket(BIO* bio, char* to, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t got = ::recv(socket_of(bio), to, static_cast<std::size_t>(size), MSG_DONTWAIT);
  if (got < 0 && would_wait_for_socket()) BIO_set_retry_read(bio);
  return static_cast<int>(got);
}

// OpenSSL's own raises SIGPIPE, which a host need not ignore.
int write_socket(BIO* bio, const char* from, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent =
      ::send(socket_of(bio), from, static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && would_wait_for_socket()) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

long control_socket(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* make_socket_method() {
  BIO_METHOD* const method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "upstream socket");
  if (method == nullptr) throw std::bad_alloc();
  BIO_meth_set_read(method, &read_socket);
  BIO_meth_set_write(method, &write_socket);
  BIO_meth_set_ctrl(method, &control_socket);
  return method;
}

std::string last_reason() {
  const char* const text = ERR_reason_error_string(ERR_peek_error());
  return text != nullptr ? text : "the connection was lost";
}

}  // namespace

TlsWire::TlsWire(SSL_CTX* context, const BIO_METHOD* sockets, int socket, const std::string& host,
                 TlsSessions& sessions, std::shared_ptr<X509_STORE> store)
    : socket_(socket),
      ssl_(SSL_new(context), &SSL_free),
      sessions_(sessions),
      store_(std::move(store)) {
  SSL* const ssl = ssl_.get();
  BIO* const bio = BIO_new(sockets);
  if (ssl == nullptr || bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_app_data(ssl, this);
  SSL_set_connect_state(ssl);
  name_peer(ssl, host);
  SSL_set_alpn_protos(ssl, kProtocols.data(), kProtocols.size());
  if (const TlsSession session = sessions_.take(store_)) SSL_set_session(ssl, session.get());
}

TlsWire::~TlsWire() {
  // One word of goodbye, if there is room for it; nobody waits for an answer.
  ERR_clear_error();
  if (stands_ && !lost_) SSL_shutdown(ssl_.get());
}

WireState TlsWire::shake_hands() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  const WireState state = state_of(result);
  if (state == WireState::failed) reason_ = last_reason();
  stands_ = state == WireState::done;
  // TLS 1.2 lets a session be used again, and may give no other.
  if (stands_ && resumed() && SSL_version(ssl_.get()) < TLS1_3_VERSION) {
    sessions_.add({SSL_get1_session(ssl_.get()), &SSL_SESSION_free}, store_);
  }
  return state;
}

WireResult TlsWire::read(std::span<char> to) {
  std::size_t filled = 0;
  while (filled < to.size()) {
    ERR_clear_error();
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_.get(), to.data() + filled, to.size() - filled, &got);
    const WireState state = state_of(result);
    // What has come counts first; the same is found again with the next read.
    if (state != WireState::done) {
      const bool drained = state == WireState::wants_read;
      return filled > 0 ? WireResult{WireState::done, filled, !drained, drained}
                        : WireResult{.state = state, .drained = drained};
    }
    filled += got;
    // A short record is the last one, as a rule; if not, the socket can still be read.
    if (got < kRecordBytes && SSL_pending(ssl_.get()) == 0) {
      return {WireState::done, filled, false};
    }
  }
  return {WireState::done, filled, true};
}

WireResult TlsWire::write(std::span<const iovec> parts) {
  std::array<char, kRecordBytes> record;
  std::string_view out(static_cast<const char*>(parts[0].iov_base), parts[0].iov_len);
  if (parts.size() > 1 && out.size() < record.size()) {
    std::size_t size = 0;
    for (const iovec& part : parts) {
      const std::size_t taken = std::min(part.iov_len, record.size() - size);
      std::memcpy(record.data() + size, part.iov_base, taken);
      size += taken;
    }
    out = {record.data(), size};
  }
  ERR_clear_error();
  std::size_t sent = 0;
  const WireState state = state_of(SSL_write_ex(ssl_.get(), out.data(), out.size(), &sent));
  return {state, sent};
}

WireState TlsWire::state_of(int result) {
  if (result > 0) return WireState::done;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return WireState::wants_read;
    case SSL_ERROR_WANT_WRITE:
      return WireState::wants_write;
    case SSL_ERROR_ZERO_RETURN:
      return WireState::ended;
    default:
      lost_ = true;
      return WireState::failed;
  }
}

std::string TlsWire::objection() const {
  const long verified = SSL_get_verify_result(ssl_.get());
  return verified == X509_V_OK ? "" : X509_verify_cert_error_string(verified);
}

// Called while a read or the handshake is under way; 1: the session is ours now.
int TlsWire::on_new_session(SSL* ssl, SSL_SESSION* session) {
  auto* const wire = static_cast<TlsWire*>(SSL_get_app_data(ssl));
  wire->sessions_.add({session, &SSL_SESSION_free}, wire->store_);
  return 1;
}

TlsWires::TlsWires(std::shared_ptr<const UpstreamTrust> trust)
    : trust_(std::move(trust)), context_(make_tls_context()), sockets_(make_socket_method()) {
  SSL_CTX* const context = context_.native_handle();
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, &TlsWire::on_new_session);
}

TlsWires::~TlsWires() {
  BIO_meth_free(sockets_);
}

std::unique_ptr<TlsWire> TlsWires::make(int socket, Origin& origin) {
  auto store = trust_->store();
  SSL_CTX_set1_cert_store(context_.native_handle(), store.get());
  return std::make_unique<TlsWire>(context_.native_handle(), sockets_, socket, origin.target.host,
                                   origin.sessions, std::move(store));
}

}  // namespace responses_proxy
