#include "proxy/downstream.h"

#include <utility>

#include "core/error_head.h"

namespace responses_proxy {

void Downstream::start(ResponseHead head) {
  status_ = head.status;
  if (!gone_) writer_->start(std::move(head));
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
