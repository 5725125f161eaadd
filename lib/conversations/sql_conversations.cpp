#include "conversations/sql_conversations.h"

#include <string>
#include <utility>

#include "responses_proxy/storage_error.h"

namespace responses_proxy {

namespace {

constexpr Millis kExpireEvery = std::chrono::minutes(1);

// Another replica may forget a response meanwhile.
ConversationLimits recent_limits() {
  ConversationLimits limits;
  limits.idle = std::chrono::minutes(10);
  return limits;
}

bool may_be_stored(const History& history) {
  for (const History* one = &history; one != nullptr; one = one->before().get()) {
    if (!one->latest().stored) return false;
  }
  return true;
}

// What throws knows nothing and keeps nothing.
std::function<void()> without_errors(std::function<void()> ask) {
  return [ask = std::move(ask)] {
    try {
      ask();
    } catch (const StorageError&) {
      // The writer of records reports the outage.
    }
  };
}

}  // namespace

// One question on its way. Used on its loop only.
class SqlConversations::Answer {
 public:
  explicit Answer(std::function<void()> told) : told_(std::move(told)) {}
  void give() {
    patience.reset();
    if (const auto told = std::exchange(told_, {})) told();
  }
  std::unique_ptr<Timer> patience;

 private:
  std::function<void()> told_;
};

SqlConversations::SqlConversations(Database& database, Random& random, const Clock& clock,
                                   EventLoops& loops, Millis ttl)
    : rows_(database, random, ttl),
      clock_(clock),
      loops_(loops),
      recent_(clock, recent_limits()),
      threads_(make_helper_threads()) {}

void SqlConversations::find(const ConversationKey& key, Found found) {
  if (auto history = recent_.peek(key)) {
    recent_.find(key, std::move(found));
    return;
  }
  struct Question {
    std::string id;
    std::string caller;
    std::shared_ptr<const History> history;
    std::atomic<bool> answered = false;
  };
  const auto question = std::make_shared<Question>();
  question->id = key.response_id;
  question->caller = key.caller;
  elsewhere(
      [this, question] {
        question->history = rows_.load({question->id, question->caller}, clock_.wall());
        question->answered = true;
      },
      [this, question, found = std::move(found)] {
        if (!question->answered || !question->history) return found(nullptr);
        recent_.keep(question->caller, question->history, {});
        found(question->history);
      });
}

void SqlConversations::keep(std::string_view caller, std::shared_ptr<const History> history,
                            Done done) {
  recent_.keep(caller, history, {});
  if (!may_be_stored(*history)) {
    if (done) done();
    return;
  }
  if (!done) done = [] {};
  elsewhere(
      [this, owner = std::string(caller), history = std::move(history)] {
        rows_.save(owner, *history, clock_.wall());
        expire_now_and_then();
      },
      std::move(done));
}

void SqlConversations::forget(const ConversationKey& key) {
  recent_.forget(key);
  elsewhere(
      [this, id = std::string(key.response_id), owner = std::string(key.caller)] {
        rows_.forget({id, owner});
      },
      [] {});
}

void SqlConversations::elsewhere(std::function<void()> ask, std::function<void()> told) {
  ask = without_errors(std::move(ask));
  EventLoop* const loop = this_loop();
  if (loop == nullptr) {
    ask();
    return told();
  }
  const auto answer = std::make_shared<Answer>(std::move(told));
  answer->patience = loop->timers().after(kPatience, [weak = std::weak_ptr(answer)] {
    if (const auto late = weak.lock()) late->give();
  });
  const bool taken = threads_->run([loop, ask = std::move(ask), answer] {
    ask();
    loop->post([answer] { answer->give(); });
  });
  if (!taken) loop->post([answer] { answer->give(); });
}

EventLoop* SqlConversations::this_loop() const {
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    if (loops_.at(i).on_this_thread()) return &loops_.at(i);
  }
  return nullptr;
}

void SqlConversations::expire_now_and_then() {
  const SteadyTime now = clock_.steady();
  SteadyTime due = next_expiry_;
  if (now >= due && next_expiry_.compare_exchange_strong(due, now + kExpireEvery)) {
    rows_.expire(clock_.wall());
  }
}

}  // namespace responses_proxy
