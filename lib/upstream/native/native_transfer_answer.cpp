// The other half of NativeTransfer: from the bytes of the answer to its handler.
#include <cassert>
#include <cstring>
#include <span>
#include <utility>

#include "upstream/native/native_transfer.h"
#include "upstream/native/native_upstream_client.h"

namespace responses_proxy {

namespace {

constexpr int kReadsAtOnce = 4;         // of one connection; then the others have their turn
constexpr int kFirstErrorStatus = 300;  // an answer from here on makes the rest of a body useless

}  // namespace

void NativeTransfer::on_readable(NativeConnection&) {
  const auto self = shared_from_this();
  if (paused_) return;
  for (int i = 0; i < kReadsAtOnce; ++i) {
    if (!read_once()) return;
  }
  // What TLS has taken off the socket already is not announced again.
  go_on();
}

// Whether there may be more at once.
bool NativeTransfer::read_once() {
  const std::span<char> buffer = client_->read_buffer();
  assert(kept_.size() < buffer.size());  // no more than a line of a chunk
  std::memcpy(buffer.data(), kept_.data(), kept_.size());
  const std::size_t kept = std::exchange(kept_, {}).size();
  const WireResult result = connection_->read(buffer.subspan(kept));
  switch (result.state) {
    case WireState::done:
      answered_ = true;
      if (reader_.head_complete()) waiting_since_ = client_->clock().steady();
      if (!take({buffer.data(), kept + result.bytes})) return false;
      if (!result.more) connection_->want_read();
      return result.more;
    case WireState::wants_read:
    case WireState::wants_write:
      kept_.assign(buffer.data(), kept);
      if (result.state == WireState::wants_read) connection_->want_read();
      if (result.state == WireState::wants_write) connection_->want_write();
      return false;
    case WireState::ended:
    case WireState::failed:
      lose(result.state == WireState::ended);
      return false;
  }
  return false;
}

// Hands on what is in `bytes`. Whether more is wanted of this connection.
bool NativeTransfer::take(std::string_view bytes) {
  for (;;) {
    bool more = true;
    switch (reader_.next(bytes)) {
      case AnswerReader::Found::more:
        kept_ = bytes;
        return true;
      case AnswerReader::Found::head:
        more = give_head();
        break;
      case AnswerReader::Found::piece:
        more = give_piece();
        break;
      case AnswerReader::Found::end:
        complete(bytes.empty());
        return false;
      case AnswerReader::Found::refused:
        fail(reader_.error(), reader_.fault());
        return false;
    }
    if (handler_ == nullptr) return false;
    if (!more) {
      kept_ = std::string(bytes);
      reader_.keep();
      return false;
    }
  }
}

bool NativeTransfer::give_head() {
  if (reader_.status() >= kFirstErrorStatus && !writer_.done()) writer_.stop();
  waiting_since_ = client_->clock().steady();
  request_.headers = {};  // will not be sent again
  handler_->on_head(reader_.status(), std::move(reader_.headers()));
  return true;
}

bool NativeTransfer::give_piece() {
  paused_ = !handler_->on_body(reader_.piece());
  return !paused_;
}

void NativeTransfer::resume() {
  if (!paused_) return;
  paused_ = false;
  if (client_ == nullptr) return;
  waiting_since_ = client_->clock().steady();
  go_on();
}

// Not at once: whoever has called may be inside a callback, and others wait as well.
void NativeTransfer::go_on() {
  client_->loop().post([self = shared_from_this()] {
    if (self->handler_ == nullptr || self->paused_ || !self->connection_) return;
    const std::string bytes = std::exchange(self->kept_, {});
    if (self->take(bytes)) self->on_readable(*self->connection_);
  });
}

void NativeTransfer::lose(bool orderly) {
  if (may_repeat()) {
    repeated_ = true;
    leave_connection();
    return dial();
  }
  if (reader_.lose(orderly) == AnswerReader::Found::end) return complete(false);
  fail(reader_.error(), reader_.fault());
}

// `nothing_behind`: no byte has come that does not belong to the answer.
void NativeTransfer::complete(bool nothing_behind) {
  const bool keep = nothing_behind && writer_.done() && !writer_.stopped() &&
                    reader_.leaves_connection() && !closes_;
  if (keep) client_->pool().put(std::exchange(connection_, nullptr), client_->clock().steady());
  end();
}

}  // namespace responses_proxy
