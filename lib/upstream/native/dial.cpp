#include "upstream/native/dial.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <boost/asio/local/stream_protocol.hpp>
#include <system_error>
#include <utility>

#include "core/private_address.h"
#include "upstream/connect_failure.h"

namespace responses_proxy {

namespace {

using boost::asio::local::stream_protocol;

// "@name" is one in the abstract namespace.
stream_protocol::endpoint local_endpoint(std::string path) {
  if (path.starts_with('@')) path.front() = '\0';
  return {path};
}

// Between two events of a stream there may be minutes, in which nobody would notice that the peer,
// or the way to it, is gone.
constexpr int kProbeSeconds = 60;
void keep_alive(int socket) {
  constexpr int kOn = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &kOn, sizeof(kOn));
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &kProbeSeconds, sizeof(kProbeSeconds));
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &kProbeSeconds, sizeof(kProbeSeconds));
}

}  // namespace

Dial::Dial(const DialTools& tools, std::shared_ptr<Origin> origin, Millis timeout)
    : tools_(tools),
      origin_(std::move(origin)),
      started_(tools.loop.timers().now()),
      timeout_(timeout),
      socket_(tools.loop.context()) {}

void Dial::start(Done done) {
  done_ = std::move(done);
  tools_.loop.post([self = shared_from_this()] { self->begin(); });
}

void Dial::begin() {
  if (!done_) return;
  if (!origin_->unix_socket.empty()) {
    if (origin_->unix_socket.size() >= sizeof(sockaddr_un::sun_path)) {
      return fail(UpstreamError::connect, "the path of the Unix socket is too long");
    }
    return walk({local_endpoint(origin_->unix_socket)});
  }
  expect("its name was not found");
  tools_.names.look_up(
      origin_->target.host, origin_->target.port,
      [self = shared_from_this()](ErrorCode error, const NameCache::Addresses& addresses) {
        if (error) return self->fail(UpstreamError::connect_name_not_found, error.message());
        self->outcome_.resolve_time = self->time_taken();
        self->connect_to(addresses);
      });
}

void Dial::connect_to(const NameCache::Addresses& addresses) {
  if (!done_) return;
  Walk::Addresses allowed;
  for (const auto& address : addresses) {
    if (tools_.allow_private || !is_private_address(address.address())) {
      allowed.emplace_back(address);
    }
  }
  if (allowed.empty()) return fail(UpstreamError::connect, kPrivateAddress);
  walk(std::move(allowed));
}

void Dial::walk(Walk::Addresses addresses) {
  timer_.reset();  // the walk has its own
  walk_ = std::make_shared<Walk>(socket_, std::move(addresses), time_left(), tools_.loop.timers());
  walk_->start([self = shared_from_this()](ErrorCode error) { self->on_connected(error); });
}

void Dial::on_connected(ErrorCode error) {
  walk_ = nullptr;
  if (!done_) return;
  if (error) {
    tools_.names.forget(origin_->target.host, origin_->target.port);
    return fail(error_of_errno(error.value()), error.message());
  }
  outcome_.connect_time = time_taken();
  keep_alive(socket_.native_handle());
  auto wire = make_wire();
  try {
    connection_ = std::make_shared<NativeConnection>(origin_, std::move(socket_), std::move(wire),
                                                     tools_.clock.steady());
  } catch (const std::system_error& problem) {
    return fail(error_of_errno(problem.code().value()), problem.code().message());
  }
  if (tls_wire_ == nullptr) return succeed();
  connection_->serve(*this);
  expect("the TLS handshake did not end");
  shake_hands();
}

std::unique_ptr<Wire> Dial::make_wire() {
  const int socket = socket_.native_handle();
  if (!origin_->target.tls) return std::make_unique<PlainWire>(socket);
  auto tls = tools_.tls.make(socket, *origin_);
  tls_wire_ = tls.get();
  return tls;
}

void Dial::shake_hands() {
  const auto self = shared_from_this();
  switch (connection_->wire().shake_hands()) {
    case WireState::done:
      outcome_.tls_time = time_taken();
      return succeed();
    case WireState::wants_read:
      return connection_->want_read();
    case WireState::wants_write:
      return connection_->want_write();
    case WireState::ended:
    case WireState::failed:
      break;
  }
  const std::string objection = tls_wire_->objection();
  if (!objection.empty()) return fail(UpstreamError::connect_certificate, objection);
  fail(UpstreamError::connect_tls, tls_wire_->reason());
}

Millis Dial::time_left() const {
  const auto left = std::chrono::ceil<Millis>(started_ + timeout_ - tools_.loop.timers().now());
  return std::max(left, Millis(1));
}

std::chrono::microseconds Dial::time_taken() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(tools_.loop.timers().now() -
                                                               started_);
}

// `what`: why it was not in time, if it is not.
void Dial::expect(std::string_view what) {
  timer_ = tools_.loop.timers().after(time_left(), [this, what] {
    const auto self = shared_from_this();
    fail(UpstreamError::connect_timeout, what);
  });
}

void Dial::succeed() {
  timer_.reset();
  outcome_.connection = std::move(connection_);
  std::exchange(done_, {})(std::move(outcome_));
}

void Dial::fail(UpstreamError error, std::string_view reason) {
  if (!done_) return;
  outcome_.error = error;
  outcome_.reason = reason;
  Done done = std::move(done_);
  cancel();
  done(std::move(outcome_));
}

void Dial::cancel() {
  done_ = nullptr;
  timer_.reset();
  if (walk_) std::exchange(walk_, nullptr)->cancel();
  if (connection_) std::exchange(connection_, nullptr)->close();
}

}  // namespace responses_proxy
