#include "proxy/downstream.h"

#include <utility>

#include "core/error_head.h"

namespace responses_proxy {

void Downstream::start(ResponseHead head) {
  status_ = head.status;
  if (!gone_) writer_->start(std::move(head));
}

void Downstream::forward(std::string_view bytes) {
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
  forward(body);
  finish();
}

}  // namespace responses_proxy
