#include "conversations/blocking_calls.h"

#include <utility>

#include "responses_proxy/storage_error.h"

namespace responses_proxy {

namespace {

using Outcome = BlockingCalls::Outcome;

Outcome outcome_of(const std::function<void()>& ask) {
  try {
    ask();
    return Outcome::done;
  } catch (const StorageError&) {
    return Outcome::failed;
  }
}

}  // namespace

// One question on its way. Used on its loop only.
class BlockingCalls::Answer {
 public:
  explicit Answer(std::function<void(Outcome)> told) : told_(std::move(told)) {}
  void give(Outcome outcome) {
    patience.reset();
    if (const auto told = std::exchange(told_, {})) told(outcome);
  }
  std::unique_ptr<Timer> patience;

 private:
  std::function<void(Outcome)> told_;
};

void BlockingCalls::run(std::function<void()> ask, std::function<void(Outcome)> told) {
  EventLoop* const loop = this_loop();
  if (loop == nullptr) return told(outcome_of(ask));
  const auto answer = std::make_shared<Answer>(std::move(told));
  answer->patience = loop->timers().after(kPatience, [weak = std::weak_ptr(answer)] {
    if (const auto late = weak.lock()) late->give(Outcome::late);
  });
  const bool taken = threads_->run([loop, ask = std::move(ask), answer] {
    const Outcome outcome = outcome_of(ask);
    loop->post([answer, outcome] { answer->give(outcome); });
  });
  if (!taken) loop->post([answer] { answer->give(Outcome::late); });
}

Error BlockingCalls::unavailable(Outcome outcome) {
  Error error = Error::unavailable(
      503, "response_store_unavailable",
      outcome == Outcome::late
          ? "The database of stored responses has not answered in time; send the request again."
          : "The database of stored responses cannot be used now; send the request again.");
  error.retry_after = kRetryAfter;
  return error;
}

EventLoop* BlockingCalls::this_loop() const {
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    if (loops_.at(i).on_this_thread()) return &loops_.at(i);
  }
  return nullptr;
}

}  // namespace responses_proxy
