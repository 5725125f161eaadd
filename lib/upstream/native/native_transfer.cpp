#include "upstream/native/native_transfer.h"

#include <cassert>
#include <utility>

#include "upstream/connect_failure.h"
#include "upstream/native/native_upstream_client.h"

namespace responses_proxy {

namespace {

// Doing it twice is the same as doing it once (RFC 9110, 9.2.2).
bool is_idempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
         method == "DELETE";
}

bool asks_to_close(const Headers& headers) {
  return equals_ignore_case(headers.get(FieldId::connection), "close");
}

}  // namespace

NativeTransfer::NativeTransfer(NativeUpstreamClient& client, UpstreamRequest request,
                               UpstreamHandler& handler)
    : client_(&client),
      request_(std::move(request)),
      handler_(&handler),
      closes_(asks_to_close(request_.headers)),
      reader_(request_.method == "HEAD", !request_.headers.find(FieldId::accept_encoding)),
      started_(client.clock().steady()),
      due_(request_.timeouts.total > Millis::zero()
               ? client.loop().timers().now() + request_.timeouts.total
               : SteadyTime::max()),
      waiting_since_(started_) {}

void NativeTransfer::start() {
  origin_ = client_->origins().find(request_);
  if (!origin_) {
    client_->loop().post([self = shared_from_this()] {
      self->on_dialed({.connection = nullptr, .error = UpstreamError::connect});
    });
    return;
  }
  auto kept = client_->pool().take(*origin_, started_);
  if (!kept) return dial();
  result_.reused_connection = true;
  begin(std::move(kept));
}

// A kept connection that turns out dead leads back to dialing; what is over stays over.
void NativeTransfer::go_to(Stage next) {
  assert(stage_ != Stage::over || next == Stage::over);
  stage_ = next;
}

void NativeTransfer::dial() {
  go_to(Stage::dialing);
  result_.reused_connection = false;
  dial_ = std::make_shared<Dial>(client_->dial_tools(), origin_, request_.timeouts.connect);
  dial_->start([self = shared_from_this()](Dial::Outcome outcome) {
    self->dial_ = nullptr;
    self->on_dialed(std::move(outcome));
  });
}

void NativeTransfer::on_dialed(Dial::Outcome outcome) {
  if (handler_ == nullptr) return;
  result_.resolve_time = outcome.resolve_time;
  result_.connect_time = outcome.connect_time;
  result_.tls_time = outcome.tls_time;
  if (!outcome.connection) {
    ConnectFailure failure = connect_failure(outcome.error, request_.url, outcome.reason);
    return fail(failure.error, std::move(failure.detail));
  }
  begin(std::move(outcome.connection));
}

void NativeTransfer::begin(std::shared_ptr<NativeConnection> connection) {
  go_to(Stage::exchanging);
  connection_ = std::move(connection);
  connection_->serve(*this);
  std::string& head = client_->head_buffer();
  head.clear();
  const bool good = append_request_head(head, request_, origin_->target, path_of(request_.url));
  if (!good) {
    client_->loop().post([self = shared_from_this()] {
      if (self->handler_ != nullptr) {
        self->fail(UpstreamError::protocol, "a field of the request has a line end in it");
      }
    });
    return;
  }
  writer_.begin(head, body_to_send(request_));
  waiting_since_ = client_->clock().steady();
  write();
  if (connection_) connection_->want_read();
}

// A connection that takes no more may still have an answer for us: reading tells.
void NativeTransfer::write() {
  const std::size_t before = writer_.bytes_sent();
  const WireState state = writer_.write(connection_->wire());
  const bool lost = state == WireState::failed || state == WireState::ended;
  if (lost && writer_.bytes_sent() == 0 && is_untouched()) {
    // A kept connection that was dead before anything went out: nobody can have carried it out.
    repeated_ = true;
    leave_connection();
    return dial();
  }
  if (lost) writer_.stop();
  if (writer_.done() || writer_.bytes_sent() > before) waiting_since_ = client_->clock().steady();
  if (!writer_.done() && connection_) connection_->want_write();
}

void NativeTransfer::on_writable(NativeConnection&) {
  const auto self = shared_from_this();
  if (!writer_.done()) return write();
  go_on();  // TLS had to write before it could read
}

// A kept connection on which nothing was answered: its upstream may have given it up before.
bool NativeTransfer::is_untouched() const {
  return result_.reused_connection && !repeated_ && !answered_;
}

bool NativeTransfer::may_repeat() const {
  return is_untouched() && is_idempotent(request_.method);
}

void NativeTransfer::fail(UpstreamError error, std::string detail) {
  result_.error = error;
  result_.detail = std::move(detail);
  end();
}

void NativeTransfer::end() {
  UpstreamHandler* const handler = handler_;
  cancel();
  if (handler != nullptr) handler->on_end(result_);
}

void NativeTransfer::cancel() {
  handler_ = nullptr;
  go_to(Stage::over);
  if (dial_) std::exchange(dial_, nullptr)->cancel();
  leave_connection();
  if (client_ != nullptr) std::exchange(client_, nullptr)->forget(*this);
}

void NativeTransfer::leave_connection() {
  if (connection_) std::exchange(connection_, nullptr)->close();
}

bool NativeTransfer::body_sent() const {
  return stage_ == Stage::over || (stage_ == Stage::exchanging && writer_.done() && !may_repeat());
}

void NativeTransfer::check_deadlines(SteadyTime now, SteadyTime loop_now) {
  if (handler_ == nullptr) return;
  const UpstreamError error = overdue(now, loop_now);
  if (error == UpstreamError::none) return;
  const auto self = shared_from_this();
  if (error != UpstreamError::connect_timeout) return fail(error, "");
  ConnectFailure failure = connect_failure(error, request_.url, "the whole request took too long");
  fail(failure.error, std::move(failure.detail));
}

UpstreamError NativeTransfer::overdue(SteadyTime now, SteadyTime loop_now) {
  if (loop_now >= due_) {
    return stage_ == Stage::dialing ? UpstreamError::connect_timeout : UpstreamError::total_timeout;
  }
  if (stage_ != Stage::exchanging || paused_) return UpstreamError::none;
  const UpstreamTimeouts& limits = request_.timeouts;
  const bool sending = !writer_.done();
  const bool first_byte = !reader_.head_complete() && !sending;
  const Millis limit = first_byte ? limits.first_byte : limits.idle;
  if (limit <= Millis::zero() || now - waiting_since_ < limit) return UpstreamError::none;
  if (first_byte) return UpstreamError::first_byte_timeout;
  return reader_.head_complete() ? UpstreamError::idle_timeout : UpstreamError::write_timeout;
}

}  // namespace responses_proxy
