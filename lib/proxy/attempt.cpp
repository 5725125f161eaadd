#include "proxy/attempt.h"

#include <utility>

namespace responses_proxy {

Attempt::Attempt(Lease lease, const Clock& clock, AttemptObserver& observer)
    : lease_(std::move(lease)), clock_(clock), observer_(observer), started_(clock.steady()) {
  record_.resource_id = lease_.resource().id;
  record_.provider_id = lease_.resource().provider_id;
  record_.pool_id = lease_.resource().pool_id;
  record_.reason = lease_.reason();
  record_.started_at = clock.wall();
}

void Attempt::send(UpstreamClient& client, UpstreamRequest request) {
  transfer_ = client.start(std::move(request), *this);
}

void Attempt::finish(const Verdict& verdict, Blame blame, std::string error) {
  if (std::exchange(finished_, true)) return;
  record_.duration = elapsed();
  record_.blame = blame;
  record_.error = std::move(error);
  lease_.finish(verdict, record_.first_byte.value_or(record_.duration), clock_.steady());
}

void Attempt::on_head(int status, Headers headers) {
  begun_ = true;
  record_.status_code = status;
  record_.first_byte = elapsed();
  record_.upstream_request_id = headers.get("x-request-id");
  headers_ = std::move(headers);
  observer_.on_begun();
}

bool Attempt::on_body(std::string_view bytes) {
  return observer_.on_answer_bytes(bytes);
}

void Attempt::on_end(const UpstreamResult& result) {
  result_ = result;
  ended_ = true;
  if (!std::exchange(begun_, true)) {
    observer_.on_begun();
  } else {
    observer_.on_ended();
  }
}

std::chrono::microseconds Attempt::elapsed() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(clock_.steady() - started_);
}

}  // namespace responses_proxy
