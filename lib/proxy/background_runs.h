// BackgroundRuns: the responses that this process makes in the background, whose clients have gone
// or wait for nothing.
//
// Threads    Safe from any thread; what stops a run is called outside of the lock.
// Limits     kMaxRuns at once; one more is refused.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "responses_proxy/clock.h"
#include "responses_proxy/timers.h"

namespace responses_proxy {

class BackgroundRuns {
 public:
  static constexpr std::size_t kMaxRuns = 256;

  explicit BackgroundRuns(std::size_t max_runs = kMaxRuns) : max_runs_(max_runs) {}

  // One of the places; free again when it goes. The runs outlive it.
  class Place {
   public:
    Place(BackgroundRuns& runs, std::string id) : runs_(runs), id_(std::move(id)) {}
    ~Place() { runs_.end(id_); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    BackgroundRuns& runs_;
    const std::string id_;
  };

  // `stop` may be called from any thread. Null: there are too many.
  std::unique_ptr<Place> begin(const std::string& id, std::function<void()> stop) {
    const std::scoped_lock lock(mutex_);
    if (running_.size() >= max_runs_) return nullptr;
    running_[id] = std::move(stop);
    return std::make_unique<Place>(*this, id);
  }
  // Nothing happens if that is made elsewhere, or no more.
  void stop(const std::string& id) {
    std::function<void()> stop;
    {
      const std::scoped_lock lock(mutex_);
      if (const auto found = running_.find(id); found != running_.end()) stop = found->second;
    }
    if (stop) stop();
  }
  std::size_t max_runs() const { return max_runs_; }

 private:
  void end(const std::string& id) {
    const std::scoped_lock lock(mutex_);
    running_.erase(id);
  }

  const std::size_t max_runs_;
  std::mutex mutex_;  // guards running_
  std::unordered_map<std::string, std::function<void()>> running_;
};

// The response of one exchange that is made in the background.
struct BackgroundRun {
  // Its maker says so often that it is still at it. Of one that has not said so for kGone, the
  // maker has gone, and nobody makes it any more.
  static constexpr Millis kBeat{5'000};
  static constexpr Millis kGone{60'000};

  std::string id;
  std::string document;  // as long as it is made
  std::unique_ptr<BackgroundRuns::Place> place;
  std::unique_ptr<Timer> next_beat;
  bool cancelled = false;
  bool ended = false;  // what it has come to is kept
};

}  // namespace responses_proxy
