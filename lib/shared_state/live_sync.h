// LiveSync: active requests and health, exchanged with the other replicas once per tick.
//
// Threads    All on the loop of its connection, but replicas(): any.
// Ownership  The connection, the store and the clock outlive it.
// Cost       One script per tick, with the counts that changed; its answer has 4 bytes per resource
//            if anything changed anywhere, and the health events that are new.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "redis/async_connection.h"
#include "responses_proxy/resource_state.h"
#include "shared_state/health_news.h"
#include "state/memory_state_store.h"

namespace responses_proxy {

class LiveSync {
 public:
  // What the others reported counts for so long after Redis has gone.
  static constexpr Millis kTrustFor{5'000};

  struct Events {
    std::function<void(const std::string& problem)> ticked;  // "" = went well
    std::function<void()> started_over;                      // Redis had lost what it held
  };

  LiveSync(AsyncConnection& connection, MemoryStateStore& store, const Clock& clock,
           std::string replica, Events events);

  void tick();
  // This one included, as of the last tick; 0 while Redis is not there.
  std::size_t replicas() const { return replicas_.load(std::memory_order_relaxed); }

 private:
  struct Known {
    std::string name;
    std::weak_ptr<ResourceState> state;
    std::int64_t slot = -1;      // in the strings of counts; -1: not asked for yet
    std::int64_t published = 0;  // what Redis has of ours
    HealthNews news;
  };
  using Sent = std::vector<std::pair<std::size_t, std::int64_t>>;  // index, count
  using Words = std::vector<std::string>;

  void adopt_new_resources();
  void adopt(const std::shared_ptr<ResourceState>& state);
  void forget_gone_resources();
  void load_scripts();
  void open();
  void on_open(const redisReply* reply);
  void publish();
  Sent add_counts(Words& words) const;
  std::vector<std::size_t> add_health(Words& words);
  void on_tick(const redisReply* reply, const Sent& sent, const std::vector<std::size_t>& told);
  void take_totals(std::string_view totals);
  void take_events(const redisReply& events, std::int64_t now_ms);
  void failed(const redisReply* reply);
  void distrust();
  void run(const std::string& sha, const Words& words, AsyncConnection::Answer answer);

  AsyncConnection& connection_;
  MemoryStateStore& store_;
  const Clock& clock_;
  const std::string replica_;
  const Events events_;
  std::vector<Known> known_;
  std::unordered_map<std::string, std::size_t> by_name_;  // index in known_
  std::uint64_t made_ = 0;                                // states, as of the last look
  bool busy_ = false;                                     // an answer is awaited
  std::string open_sha_;
  std::string tick_sha_;
  std::string epoch_;  // "" = to be opened
  std::string last_epoch_;
  std::int64_t version_ = -1;
  std::string last_event_;
  SteadyTime last_tick_{};
  std::atomic<std::size_t> replicas_{0};
};

}  // namespace responses_proxy
