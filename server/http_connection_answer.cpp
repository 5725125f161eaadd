// HttpConnection's half as a ResponseWriter: what leaves for the client.
#include <boost/asio/post.hpp>
#include <cassert>
#include <utility>

#include "server/http_connection.h"

namespace responses_proxy {

using boost::system::error_code;

namespace {

constexpr std::size_t kKeptCapacity = 1024;  // of out_, between two writes: an event or two
constexpr std::size_t kHeadRoom = 512;       // of most heads
constexpr int kFirstError = 400;

}  // namespace

void HttpConnection::go_to(Answer next) {
  assert(next > answer_);
  answer_ = next;
}

void HttpConnection::start(ResponseHead head) {
  if (phase_ != Phase::answering || answer_ != Answer::due) return;
  if (!AnswerFraming::can_send(head.status)) {
    go_to(Answer::sending);  // of nothing
    broken();
    return;
  }
  go_to(Answer::started);
  head_ = std::move(head);
  flush_soon();  // unless a write or finish comes along in the same turn
}

bool HttpConnection::write(std::string_view bytes) {
  const bool open = answer_ == Answer::started || answer_ == Answer::sending;
  if (phase_ != Phase::answering || !open || bytes.empty()) return true;
  if (answer_ == Answer::started) {
    // Still in the turn of start(): the whole answer may follow, so that one write does for all.
    out_.append(bytes);
    if (out_.size() > kHighWater) flush();
  } else {
    framing_.body(bytes, out_);
    flush();
  }
  told_to_wait_ = out_.size() - out_sent_ > kHighWater;
  return !told_to_wait_;
}

void HttpConnection::finish() {
  if (phase_ != Phase::answering || answer_ == Answer::complete) return;
  observer_ = nullptr;
  const bool whole = answer_ == Answer::started;
  go_to(Answer::complete);
  if (whole) send_head();
  framing_.end(out_);
  flush();
}

void HttpConnection::abort() {
  observer_ = nullptr;
  close();
}

// Turns what is in out_ (body bytes so far) into head + framed body bytes.
void HttpConnection::send_head() {
  ResponseHead head = std::move(*std::exchange(head_, std::nullopt));
  for (const Header& field : browser_fields_) head.headers.add(field);
  if (head.status >= kFirstError && !head.headers.find("x-request-id")) {
    if (const std::string id = owner_.new_request_id(); !id.empty()) {
      head.headers.add("x-request-id", id);
    }
  }
  terms_.keep_alive = terms_.keep_alive && !owner_.draining();
  const std::string body = std::exchange(out_, {});
  const std::string_view whole = body;
  out_.reserve(kHeadRoom + body.size());
  framing_ = AnswerFraming(head, terms_, clock_.wall(),
                           answer_ == Answer::complete ? &whole : nullptr, out_);
  framing_.body(body, out_);
}

void HttpConnection::flush_soon() {
  if (std::exchange(flush_posted_, true)) return;
  boost::asio::post(socket_->context(), [self = shared_from_this()] {
    self->flush_posted_ = false;
    if (self->phase_ == Phase::answering) self->flush();
  });
}

void HttpConnection::flush() {
  if (waiting_to_write_) return;
  if (answer_ == Answer::started) {
    go_to(Answer::sending);
    send_head();
  }
  while (out_sent_ < out_.size()) {
    error_code error;
    out_sent_ += socket_->write_some(
        boost::asio::buffer(out_.data() + out_sent_, out_.size() - out_sent_), error);
    if (error == boost::asio::error::would_block) {
      waiting_to_write_ = true;
      set_deadline(limits_.write_timeout);
      socket_->want_write();
      return;
    }
    if (error) {
      broken();
      break;
    }
  }
  out_.clear();
  out_sent_ = 0;
  if (out_.capacity() > kKeptCapacity) out_.shrink_to_fit();
  if (answer_ == Answer::complete) answer_sent();
}

void HttpConnection::on_writable() {
  const auto self = shared_from_this();
  waiting_to_write_ = false;
  if (phase_ != Phase::answering) return;
  flush();
  if (waiting_to_write_) return;
  if (std::exchange(told_to_wait_, false) && observer_ != nullptr) observer_->on_writable();
}

void HttpConnection::answer_sent() {
  if (!framing_.keep_alive()) {
    linger();
    return;
  }
  next_request();
  if (unread().empty()) return read_more();
  // Not from here: a pipelined request must not nest in the answer of the one before.
  boost::asio::post(socket_->context(), [self = shared_from_this()] {
    if (self->phase_ == Phase::idle && !self->unread().empty()) self->parse();
    self->read_more();
  });
}

// Not from inside a call of the exchange.
void HttpConnection::broken() {
  boost::asio::post(socket_->context(), [self = shared_from_this()] { self->client_gone(); });
}

}  // namespace responses_proxy
