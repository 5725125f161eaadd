#include "telemetry/record_response_index.h"

#include <atomic>
#include <utility>

#include "responses_proxy/event_loop.h"
#include "responses_proxy/storage_error.h"

namespace responses_proxy {

struct RecordResponseIndex::Question {
  Question(EventLoop& on, std::string id, Found tell)
      : loop(on), response_id(std::move(id)), found(std::move(tell)) {}

  EventLoop& loop;
  const std::string response_id;
  // Used on the loop only; empty once answered.
  Found found;
  std::unique_ptr<Timer> budget;
  std::atomic<bool> open = true;

  void answer(std::optional<std::string> resource_id) {
    open = false;
    budget.reset();
    if (const Found tell = std::exchange(found, {})) tell(std::move(resource_id));
  }
};

RecordResponseIndex::RecordResponseIndex(RecordQueries& records)
    : records_(records), thread_([this] { run(); }) {}

RecordResponseIndex::~RecordResponseIndex() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void RecordResponseIndex::find(EventLoop& loop, std::string response_id, Found found) {
  const auto question = std::make_shared<Question>(loop, std::move(response_id), std::move(found));
  question->budget = loop.timers().after(kBudget, [weak = std::weak_ptr(question)] {
    if (const auto unanswered = weak.lock()) unanswered->answer(std::nullopt);
  });
  bool full = false;
  {
    const std::scoped_lock lock(mutex_);
    full = waiting_.size() >= kMaxWaiting;
    if (!full) waiting_.push_back(question);
  }
  if (full) return loop.post([question] { question->answer(std::nullopt); });
  wake_.notify_one();
}

void RecordResponseIndex::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    const std::shared_ptr<Question> question = std::move(waiting_.front());
    waiting_.pop_front();
    if (!question->open) continue;  // its time was up while the database was slow
    lock.unlock();
    std::optional<std::string> resource_id;
    try {
      resource_id = records_.resource_of_response(question->response_id);
    } catch (const StorageError&) {
      // Unknown, then; the writer reports the outage.
    }
    question->loop.post(
        [question, resource_id = std::move(resource_id)] { question->answer(resource_id); });
    lock.lock();
  }
}

}  // namespace responses_proxy
