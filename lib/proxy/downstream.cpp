#include "proxy/downstream.h"

#include <utility>

#include "core/error_head.h"
#include "core/sse_event.h"

namespace responses_proxy {

void Downstream::start(ResponseHead head) {
  status_ = head.status;
  if (!gone_) writer_->start(std::move(head));
}

void Downstream::event(const AnswerEvent& event) {
  if (events_ == nullptr) {
    if (!event.wire.empty()) return add(event.wire);
    if (!event.json.empty()) write_framed(event);
  } else if (!event.json.empty() && !gone_) {
    bytes_ += static_cast<std::int64_t>(event.json.size());
    capture_.response(event.json);
    capture_.response("\n");
    if (!events_->event(event)) full_ = true;
  }
}

// What has not come as a server-sent event.
void Downstream::write_framed(const AnswerEvent& event) {
  write(std::exchange(gathered_, {}));
  write(sse_event(event.type, event.json));
}

void Downstream::add(std::string_view bytes) {
  if (bytes.empty()) return;
  if (!gathering_) return write(bytes);
  if (!gathered_.empty() && gathered_.data() + gathered_.size() == bytes.data()) {
    gathered_ = {gathered_.data(), gathered_.size() + bytes.size()};
    return;
  }
  write(std::exchange(gathered_, bytes));
}

void Downstream::flush() {
  gathering_ = false;
  write(std::exchange(gathered_, {}));
}

void Downstream::write(std::string_view bytes) {
  if (bytes.empty() || gone_) return;
  bytes_ += static_cast<std::int64_t>(bytes.size());
  capture_.response(bytes);
  full_ = !writer_->write(bytes);
}

void Downstream::finish() {
  complete_ = !gone_;
  if (!gone_) writer_->finish();
}

void Downstream::abort() {
  if (!gone_) writer_->abort();
}

void Downstream::refuse(const Error& error, const std::string& request_id) {
  const std::string body = error.to_json();
  ResponseHead head = error_head(error, body.size());
  head.headers.add("x-request-id", request_id);
  start(std::move(head));
  bytes(body);
  finish();
}

}  // namespace responses_proxy
