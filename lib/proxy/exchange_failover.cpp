// When the beginning of an answer is not for the client: hold-back, and what is tried instead.
#include <algorithm>
#include <utility>

#include "proxy/exchange.h"
#include "responses_proxy/health_checker.h"

namespace responses_proxy {

namespace {

// For the body of an error whose head is there.
constexpr Millis kErrorBodyPatience{2'000};

}  // namespace

// Leaves in attempt_ the attempt whose answer the client gets; none if the request was refused.
Task Exchange::send_until_answered() {
  for (;;) {
    Error error;
    std::optional<Lease> lease = pick(error);
    if (!lease) {
      // Nobody else is left: the last answer, if there was one, says more than "all out".
      if (!attempt_) refuse(error);
      co_return;
    }
    close_attempt();
    if (auto rejected = translate_and_send(std::move(*lease))) {
      refuse(*rejected);
      co_return;
    }
    while (!attempt_->begun() && !interrupted()) co_await progress_;
    co_await hold_back();
    if (interrupted()) co_return;
    // A bad start is known to other requests at once; a good one is judged when it has ended.
    const UpstreamFault fault = attempt_->fault();
    if (fault.meaning < 200 || fault.meaning >= 300) judge_attempt(fault);
    switch (next(fault)) {
      case NextStep::stream:
        co_return;
      case NextStep::other_resource:
        if (id_unknown(fault)) ++not_found_tries_;
        break;
      case NextStep::without_encrypted_items: {
        bool dropped = false;
        co_await drop_encrypted_items(dropped);
        if (!dropped || interrupted()) co_return;
        break;
      }
    }
  }
}

// Until the answer has shown what it is worth, a stream at most for the hold-back time. The body of
// an error tells whether the key is bad, the money gone, the id or the model unknown; one that does
// not come must not keep the request from moving.
Task Exchange::hold_back() {
  if (interrupted() || !worth_holding()) co_return;
  hold_expired_ = false;
  const bool error = attempt_->status() >= 400;
  if (attempt_->event_stream() || error) {
    const Millis patience = error ? kErrorBodyPatience : config_.stream_holdback;
    patience_ = loop_.loop.timers().after(patience, [this] {
      hold_expired_ = true;
      progress_.fire();
    });
  }
  while (!attempt_->shown() && !hold_expired_ && !interrupted()) co_await progress_;
  patience_.reset();
}

// A document is held by its reader anyway, and may break off before anything of it could go on. A
// stream is live: it waits only where it could still move.
bool Exchange::worth_holding() const {
  if (attempt_->status() == 0) return false;
  if (!attempt_->event_stream()) return true;
  return config_.stream_holdback > Millis::zero() && !pinned() && attempts_left() > 0 &&
         route_->targets.size() > 1;
}

std::size_t Exchange::attempts_left() const {
  const std::size_t counted = attempts_ - not_found_tries_;
  return config_.max_attempts - std::min(config_.max_attempts, counted);
}

// What follows from how the attempt has begun.
NextStep Exchange::next(const UpstreamFault& fault) const {
  AttemptStart start;
  start.error = attempt_->failure_so_far();
  start.status = fault.meaning;
  start.id_unknown = id_unknown(fault);
  start.model_refused = fault.model_refused;
  start.cannot_decrypt = fault.cannot_decrypt && !encrypted_items_dropped_;
  start.pinned = pinned();
  start.attempts_left = attempts_left();
  start.not_found_tries_left = kMaxNotFoundTries - not_found_tries_;
  return next_step(start);
}

// The resource does not know what the request continues, and may not be the one that should.
bool Exchange::id_unknown(const UpstreamFault& fault) const {
  return nobody_remembers() && fault.id_unknown;
}

// The resource's state learns what the attempt has shown.
void Exchange::judge_attempt(const UpstreamFault& fault) {
  VerdictOptions options{config_.resource_cooldown, config_.max_retry_after};
  options.checked = dependencies_.health != nullptr;
  const bool doubtful = attempt_->judge(fault, options);
  if (doubtful && dependencies_.health) dependencies_.health->check(attempt_->resource_id());
  if (record_.model.empty() || !fault.model_refused) return;
  if (const Target* target = route_->table->find(attempt_->resource_id())) {
    target->state->refuse_model(record_.model, dependencies_.clock.steady());
  }
}

}  // namespace responses_proxy
