// The last stretch of an exchange: the answer on its way to the client, or what is said instead.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "balance/eligibility.h"
#include "proxy/exchange.h"

namespace responses_proxy {

void Exchange::start_answer() {
  HeldAnswer held;
  ResponseHead head = attempt_->release(held);
  if (head.status == 429 || head.status >= 500) tell_soonest_return(head.headers);
  head.headers.add("x-request-id", record_.request_id);
  head.headers.add("x-proxy-resource-id", attempt_->resource_id());
  head.headers.add("x-proxy-decision", attempt_->reason().text());
  record_.first_byte = elapsed();
  if (head.status < 300) {
    remember_session();
    remember_continued();
  }
  downstream_.start(std::move(head));
  on_giving();
  held.give_to(*this);
  on_given();
}

// This answer knows of one resource only. When all are out, the client needs to know when the first
// one is back, where that is a matter of time.
void Exchange::tell_soonest_return(Headers& headers) const {
  const SteadyTime now = dependencies_.clock.steady();
  std::optional<Millis> soonest;
  for (const Target& target : route_->targets) {
    if (pinned() && target.resource->id != required_) continue;
    const Eligibility verdict = eligibility(*target.state, now, {});
    if (!verdict.dropped) return;
    if (verdict.by_time) soonest = std::min(soonest.value_or(Millis::max()), verdict.back_in);
  }
  if (!soonest) return;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(*soonest);
  headers.set("retry-after", std::to_string(seconds.count()));
  if (headers.find("retry-after-ms")) {
    headers.set("retry-after-ms", std::to_string(soonest->count()));
  }
}

// Before the client sees the end of an answer, others must know of its ids: the client may continue
// this response at once.
AnswerSink& Exchange::answer_sink() {
  remember_answer();
  const bool wait = remembering_ > 0 && attempt_->facts().complete;
  return wait || !kept_.empty() ? static_cast<AnswerSink&>(kept_)
                                : static_cast<AnswerSink&>(downstream_);
}

void Exchange::event(const AnswerEvent& event) {
  const bool whole =
      event.state == AnswerState::completed || event.state == AnswerState::incomplete;
  if (turn_ && whole) turn_->answered(attempt_->stored());
  answer_sink().event(event);
  note_end();
}

void Exchange::bytes(std::string_view bytes) {
  answer_sink().bytes(bytes);
}

bool Exchange::on_given() {
  downstream_.flush();
  // Once sent, the request's body is only memory.
  if (!request_.body.empty() && attempt_->body_sent()) release_body();
  return kept_.empty() && !downstream_.full();
}

void Exchange::note_end() {
  if (end_forwarded_ || !attempt_->end_seen() || !kept_.empty()) return;
  end_forwarded_ = true;
  if (attempt_->ended()) return;
  patience_ = loop_.loop.timers().after(kMaxLinger, [this] {
    lingered_ = true;
    progress_.fire();
  });
}

void Exchange::forward_kept() {
  if (remembering_ > 0 || kept_.empty()) return;
  give_kept();
  if (!downstream_.full()) attempt_->resume();
}

void Exchange::give_kept() {
  if (kept_.empty()) return;
  downstream_.gather();
  kept_.give_to(downstream_);
  downstream_.flush();
  note_end();
}

void Exchange::end_answer() {
  remember_answer();
  if (attempt_->error() != UpstreamError::none) {
    end_truncated(
        fmt::format("The upstream's answer broke off ({}).", to_string(attempt_->error())));
    return;
  }
  if (!attempt_->facts().complete) {
    end_truncated("The upstream ended its stream without a terminal event.");
    return;
  }
  const bool deleted = endpoint_.kind == EndpointKind::response && request_.method == "DELETE" &&
                       downstream_.status() < 300;
  if (deleted) {
    dependencies_.state.forget_affinity({AffinityKind::response, facts_.path_response_id});
  }
  record_.completed = true;
  downstream_.finish();
}

// The answer cannot be completed: a stream says so in-band, anything else is cut.
void Exchange::end_truncated(std::string_view message) {
  if (!downstream_.committed()) {
    refuse(Error::unavailable(503, "shutting_down", std::string(message)));
    return;
  }
  record_.error = "truncated";
  if (attempt_->failure(message, downstream_)) {
    downstream_.finish();
  } else {
    downstream_.abort();
  }
}

void Exchange::refuse(const Error& error) {
  if (downstream_.gone()) return;
  record_.error = error.code;
  if (!attempt_) {
    const bool clients_fault = error.status < 500 && error.status != 429;
    record_.blame = clients_fault ? Blame::client : Blame::proxy;
  }
  record_.first_byte = elapsed();
  record_.completed = true;
  downstream_.refuse(error, record_.request_id);
}

Error Exchange::no_answer_error() const {
  const UpstreamError error = attempt_->failure_so_far();
  const bool timeout =
      error == UpstreamError::connect_timeout || error == UpstreamError::first_byte_timeout ||
      error == UpstreamError::idle_timeout || error == UpstreamError::total_timeout;
  const int status = error == UpstreamError::out_of_descriptors ? 503 : timeout ? 504 : 502;
  const std::string_view what = attempt_->status() == 0 ? "gave no answer" : "broke off its answer";
  return Error::unavailable(
      status, fmt::format("upstream_{}", to_string(error)),
      fmt::format("The upstream of resource {} {} ({}).", attempt_->resource_name(), what,
                  describe(error, attempt_->error_detail())));
}

}  // namespace responses_proxy
