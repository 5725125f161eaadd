// The StateStore over Redis: memory first, then Redis within the budget.
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/bounded_id.h"
#include "core/loop_tasks.h"
#include "redis/async_connection.h"
#include "redis/redis_outage.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/redis_state_store.h"
#include "responses_proxy/state_sharing.h"
#include "shared_state/live_sync.h"
#include "shared_state/missed_affinities.h"
#include "shared_state/recent_ids.h"
#include "shared_state/redis_scripts.h"
#include "shared_state/shared_decisions.h"
#include "state/memory_state_store.h"

namespace responses_proxy {

namespace {

constexpr Millis kTick{250};
// Written again per tick after an outage, so that catching up does not become the next one.
constexpr std::size_t kCatchUpPerTick = 256;
constexpr std::array kKinds{AffinityKind::response, AffinityKind::item, AffinityKind::session,
                            AffinityKind::alias};

RedisOptions parsed(const Secret& url) {
  RedisOptions options;
  const std::string problem = parse_redis_url(url.reveal(), options);
  if (!problem.empty()) throw std::runtime_error("the Redis URL " + problem);
  return options;
}

std::string_view prefix_of(AffinityKind kind) {
  switch (kind) {
    case AffinityKind::response:
      return redis_keys::kResponse;
    case AffinityKind::item:
      return redis_keys::kItem;
    case AffinityKind::alias:
      return redis_keys::kAlias;
    case AffinityKind::session:
      break;
  }
  return redis_keys::kSession;
}

std::string name_of(AffinityKind kind, std::string_view id) {
  return std::string(prefix_of(kind)).append(BoundedId(id));
}

class RedisStateStore final : public StateStore, public StateSharing {
 public:
  RedisStateStore(const Clock& clock, Random& random, RedisStateOptions options)
      : clock_(clock),
        random_(random),
        options_(std::move(options)),
        redis_(parsed(options_.url)),
        memory_(clock, options_.limits) {}
  ~RedisStateStore() override { stop(); }

  void start(EventLoops& loops) override;
  void stop() override;

  std::shared_ptr<ResourceState> resource(std::string_view id,
                                          std::string_view points_at) override {
    return memory_.resource(id, points_at);
  }
  void find_affinity(const AffinityKey& key, Found found) override;
  void remember_affinity(const AffinityKey& key, std::string_view resource_id, Done done) override;
  void forget_affinity(const AffinityKey& key) override;
  AffinityStats affinity_stats() const override { return memory_.affinity_stats(); }
  HealthSubscription observe_health(HealthObserver observer) override {
    return memory_.observe_health(std::move(observer));
  }
  StateSharing* sharing() override { return this; }
  std::optional<SharedStateStats> shared_stats() const override;

  void share_decision(Decision decision) override { decisions_.add(std::move(decision)); }
  std::optional<std::vector<Decision>> recent_decisions() override;

 private:
  AsyncConnection* connection_here();
  void ask(AsyncConnection& connection, const AffinityKey& key, Found found);
  void tell(AsyncConnection& connection, const AffinityKey& key, std::string_view resource_id,
            const Done& done);
  RecentIds& recent(AffinityKind kind) { return recent_[static_cast<std::size_t>(kind)]; }
  void learn(const AffinityKey& key, std::string_view resource_id) {
    memory_.affinity(key.kind).put(key.id, resource_id);
    recent(key.kind).used(key.id);
  }
  std::string lifetime(AffinityKind kind) const;
  void tick();
  void catch_up();
  void restore();

  const Clock& clock_;
  Random& random_;
  const RedisStateOptions options_;
  const RedisOptions redis_;
  MemoryStateStore memory_;
  std::array<RecentIds, kKinds.size()> recent_;  // by kind
  MissedAffinities missed_;
  SharedDecisions decisions_;
  EventLoops* loops_ = nullptr;  // null: not started, or stopped
  std::unique_ptr<RedisOutage> outage_;
  std::vector<std::unique_ptr<AsyncConnection>> connections_;  // one per loop, same order
  std::unique_ptr<LiveSync> sync_;                             // on the first loop
  std::atomic<bool> started_{false};       // for threads that are not the loops'
  std::unique_ptr<Timer> next_tick_;       // on the first loop, too
  std::unique_ptr<LoopTasks> first_loop_;  // null as loops_ is
};

void RedisStateStore::start(EventLoops& loops) {
  loops_ = &loops;
  first_loop_ = std::make_unique<LoopTasks>(loops.at(0));
  // Each connection tells how it does; the last reporter is the tick.
  outage_ = std::make_unique<RedisOutage>(clock_, loops.size() + 1, redis_.address(), options_.log);
  for (std::size_t i = 0; i < loops.size(); ++i) {
    connections_.push_back(std::make_unique<AsyncConnection>(
        loops.at(i), redis_, options_.budget, random_,
        [this, i](const std::string& problem) { outage_->report(i, problem); }));
    connections_.back()->start();
  }
  sync_ = std::make_unique<LiveSync>(
      *connections_.front(), memory_, clock_, fmt::format("{:016x}", random_.next()),
      LiveSync::Events{
          [this](const std::string& problem) { outage_->report(connections_.size(), problem); },
          [this] { restore(); }});
  started_ = true;
  next_tick_ = loops.at(0).timers().after(kTick, [this] { tick(); });
}

void RedisStateStore::stop() {
  started_ = false;
  next_tick_.reset();
  first_loop_.reset();
  loops_ = nullptr;
  sync_.reset();
  connections_.clear();
}

void RedisStateStore::tick() {
  sync_->tick();
  decisions_.flush(*connections_.front());
  catch_up();
  next_tick_ = loops_->at(0).timers().after(kTick, [this] { tick(); });
}

AsyncConnection* RedisStateStore::connection_here() {
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    if (loops_->at(i).on_this_thread()) return connections_[i].get();
  }
  return nullptr;
}

void RedisStateStore::find_affinity(const AffinityKey& key, Found found) {
  const Millis lifetime_of_session = options_.limits.session_idle;
  bool renew = false;
  auto local = memory_.affinity(key.kind).find(
      key.id, key.kind == AffinityKind::session ? lifetime_of_session / 8 : Millis::max(), renew);
  AsyncConnection* here = local && !renew ? nullptr : connection_here();
  if (local) {
    recent(key.kind).used(key.id);
    if (here != nullptr) tell(*here, key, *local, {});
    return found(std::move(local));
  }
  if (here != nullptr) return ask(*here, key, std::move(found));
  if (connections_.empty()) return found(std::nullopt);
  first_loop_->post([this, kind = key.kind, id = std::string(key.id), found = std::move(found)] {
    ask(*connections_.front(), {kind, id}, found);
  });
}

void RedisStateStore::ask(AsyncConnection& connection, const AffinityKey& key, Found found) {
  if (!connection.prompt()) return found(std::nullopt);
  connection.send({"GET", name_of(key.kind, key.id)}, Patience::budget,
                  [this, &connection, kind = key.kind, id = std::string(key.id),
                   found = std::move(found)](const redisReply* reply) {
                    if (reply == nullptr || reply->type != REDIS_REPLY_STRING) {
                      return found(std::nullopt);
                    }
                    std::string resource_id(text_of(*reply));
                    learn({kind, id}, resource_id);
                    if (kind == AffinityKind::session)
                      tell(connection, {kind, id}, resource_id, {});
                    found(std::move(resource_id));
                  });
}

void RedisStateStore::remember_affinity(const AffinityKey& key, std::string_view resource_id,
                                        Done done) {
  learn(key, resource_id);
  if (connections_.empty()) {
    if (done) done();
    return;
  }
  if (AsyncConnection* here = connection_here()) return tell(*here, key, resource_id, done);
  first_loop_->post([this, kind = key.kind, id = std::string(key.id),
                     resource = std::string(resource_id), done = std::move(done)] {
    tell(*connections_.front(), {kind, id}, resource, done);
  });
}

// Nobody is kept waiting for a Redis that is late: the entry is on its way all the same.
void RedisStateStore::tell(AsyncConnection& connection, const AffinityKey& key,
                           std::string_view resource_id, const Done& done) {
  const bool waits = done && connection.prompt();
  connection.send({"SET", name_of(key.kind, key.id), resource_id, "PX", lifetime(key.kind)},
                  waits ? Patience::budget : Patience::connection,
                  [this, kind = key.kind, id = std::string(key.id),
                   waiting = waits ? done : Done()](const redisReply* reply) {
                    if (reply == nullptr || is_error(*reply)) missed_.add({kind, id});
                    if (waiting) waiting();
                  });
  if (done && !waits) done();
}

std::string RedisStateStore::lifetime(AffinityKind kind) const {
  const AffinityLimits& limits = options_.limits;
  return std::to_string(
      (kind == AffinityKind::session ? limits.session_idle : limits.response_age).count());
}

void RedisStateStore::forget_affinity(const AffinityKey& key) {
  memory_.forget_affinity(key);
  if (connections_.empty()) return;
  if (AsyncConnection* here = connection_here()) {
    return here->send({"DEL", name_of(key.kind, key.id)}, Patience::connection, {});
  }
  first_loop_->post([this, name = name_of(key.kind, key.id)] {
    connections_.front()->send({"DEL", name}, Patience::connection, {});
  });
}

void RedisStateStore::catch_up() {
  if (!connections_.front()->prompt()) return;
  for (const MissedAffinity& missed : missed_.take(kCatchUpPerTick)) {
    // Unless it was forgotten in the meantime.
    const auto resource_id = memory_.affinity(missed.kind).find(missed.id);
    if (resource_id) tell(*connections_.front(), {missed.kind, missed.id}, *resource_id, {});
  }
}

// Redis has forgotten everything: what this process used last is worth telling again.
void RedisStateStore::restore() {
  for (const AffinityKind kind : kKinds) {
    for (std::string& id : recent(kind).all()) missed_.add({kind, std::move(id)});
  }
}

std::optional<SharedStateStats> RedisStateStore::shared_stats() const {
  SharedStateStats stats;
  if (!started_) return stats;
  stats.up = outage_->up();
  stats.problem = outage_->problem();
  stats.outages = outage_->count();
  stats.missed = missed_.lost();
  stats.replicas = sync_->replicas();
  for (const auto& connection : connections_) stats.timeouts += connection->timeouts();
  return stats;
}

std::optional<std::vector<Decision>> RedisStateStore::recent_decisions() {
  if (!started_) return std::nullopt;
  using Answer = std::optional<std::vector<Decision>>;
  const auto promise = std::make_shared<std::promise<Answer>>();
  std::future<Answer> answer = promise->get_future();
  first_loop_->post([this, promise] {
    decisions_.fetch(*connections_.front(),
                     [promise](Answer decisions) { promise->set_value(std::move(decisions)); });
  });
  if (answer.wait_for(2 * options_.budget) != std::future_status::ready) return std::nullopt;
  return answer.get();
}

}  // namespace

std::unique_ptr<StateStore> make_redis_state_store(const Clock& clock, Random& random,
                                                   RedisStateOptions options) {
  return std::make_unique<RedisStateStore>(clock, random, std::move(options));
}

}  // namespace responses_proxy
