#include "proxy/downstream.h"

#include <utility>

namespace responses_proxy {

void Downstream::start(ResponseHead head) {
  status_ = head.status;
  if (!gone_) writer_->start(std::move(head));
}

void Downstream::forward(std::string_view bytes) {
  if (bytes.empty() || gone_) return;
  bytes_ += static_cast<std::int64_t>(bytes.size());
  if (!writer_->write(bytes)) full_ = true;
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
  ResponseHead head;
  head.status = error.status;
  head.content_length = body.size();
  head.headers.add("content-type", "application/json");
  head.headers.add("x-request-id", request_id);
  if (error.retry_after > Millis::zero()) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(error.retry_after);
    head.headers.add("retry-after", std::to_string(seconds.count()));
  }
  if (error.status == 401) head.headers.add("www-authenticate", "Bearer");
  start(std::move(head));
  forward(body);
  finish();
}

}  // namespace responses_proxy
