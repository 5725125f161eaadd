#include "responses_proxy/runtime.h"
#include "databases/open_database.h"

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include "control/of_runtime.h"
#include "conversations/sql_conversations.h"
#include "conversations/sql_kept_conversations.h"
#include "conversations/sql_kept_responses.h"
#include "dialects/builtin_dialects.h"
#include "health/provider_tester.h"
#include "log/failover_log.h"
#include "log/health_log.h"
#include "log/masked_log.h"
#include "metrics/traffic_history.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/health_checker.h"
#include "responses_proxy/load_balancer.h"
#include "responses_proxy/metrics.h"
#include "responses_proxy/redis_state_store.h"
#include "responses_proxy/state_sharing.h"
#include "responses_proxy/state_store.h"
#include "responses_proxy/table_router.h"
#include "runtime/loop_lag.h"
#include "runtime/loop_upstreams.h"
#include "runtime/make_tracer.h"
#include "runtime/own_registry.h"
#include "runtime/own_telemetry.h"
#include "state/recent_decisions.h"
#include "storage/sql_record_queries.h"
#include "telemetry/observed_sink.h"
#include "telemetry/record_response_index.h"

namespace responses_proxy {

namespace {

constexpr Millis kDrainPoll{20};
constexpr Millis kCancelTimeout{2'000};  // for cancelled exchanges to leave their loop

AffinityLimits affinity_limits(const Config& config, Random& random) {
  AffinityLimits limits;
  limits.max_entries = config.max_affinity_entries;
  limits.session_idle = config.session_affinity_ttl;
  limits.hash_seed = random.next();
  return limits;
}

LoadBalancerOptions balancer_options(const Config& config,
                                     std::shared_ptr<const BalancingPolicy> of_host) {
  LoadBalancerOptions options;
  options.recheck = config.health_check_interval;
  options.slow_start = config.slow_start;
  options.policy = std::move(of_host);
  if (!options.policy) options.policy = make_balancing_policy(config.balancing_policy);
  return options;
}

std::unique_ptr<StateStore> make_state_store(const Config& config, const Clock& clock,
                                             Random& random, const Log& log) {
  if (config.redis_url.empty())
    return make_memory_state_store(clock, affinity_limits(config, random));
  return make_redis_state_store(clock, random,
                                {.url = config.redis_url,
                                 .budget = config.redis_timeout,
                                 .limits = affinity_limits(config, random),
                                 .log = log});
}

std::unique_ptr<Conversations> make_conversations(const Config& config, Database& database,
                                                  Random& random, const Clock& clock,
                                                  EventLoops& loops) {
  const Millis ttl = config.response_state_ttl;
  if (ttl == Millis::zero()) return make_memory_conversations(clock);
  return std::make_unique<SqlConversations>(database, random, clock, loops, ttl);
}

std::unique_ptr<KeptResponses> make_kept_responses(const Config& config, Database& database,
                                                   const Clock& clock, EventLoops& loops) {
  const Millis ttl = config.response_state_ttl;
  if (ttl == Millis::zero()) return make_memory_kept_responses(clock);
  return std::make_unique<SqlKeptResponses>(database, clock, loops, ttl);
}

std::unique_ptr<KeptConversations> make_kept_conversations(const Config& config, Database& database,
                                                           const Clock& clock, EventLoops& loops) {
  const Millis ttl = config.response_state_ttl;
  if (ttl == Millis::zero()) return make_memory_kept_conversations(clock);
  return std::make_unique<SqlKeptConversations>(database, clock, loops, ttl);
}

// The host's part; else one that is made for `own`, which keeps it.
template <class Part, class Own, class Make>
Part& given_or(Part* given, std::unique_ptr<Own>& own, Make&& make) {
  if (given != nullptr) return *given;
  own = make();
  return *own;
}

}  // namespace

class Runtime::Impl {
 public:
  Impl(const Config& config, RuntimeOptions options)
      : config_(config),
        options_(checked(std::move(options))),
        log_(masked_log(config_, options_.log)),
        clock_(options_.clock != nullptr ? *options_.clock : own_clock_),
        random_(options_.random != nullptr ? *options_.random : own_random_),
        state_(given_or(options_.state, own_state_,
                        [this] { return make_state_store(config_, clock_, random_, log_); })),
        sharing_(state_.sharing()),
        router_(given_or(options_.router, own_router_, [this] { return make_router(); })),
        balancer_(clock_, random_, balancer_options(config_, options_.policy)),
        database_(open_database(config_.database_url.reveal(), clock_)),
        sql_queries_(*database_),
        queries_(options_.records != nullptr ? *options_.records : sql_queries_),
        metrics_({.models = config_.metrics_models}),
        telemetry_(telemetry_target()),
        traffic_(clock_),
        observed_(telemetry_, [this](const RequestRecord& record) { count(record); }),
        failovers_(log_, clock_, [this](const std::string& id) { return name_of(id); }),
        decisions_(all_decisions()),
        loops_(given_or(options_.loops, own_loops_,
                        [this] { return std::make_unique<EventLoops>(config_.io_threads); })),
        index_(queries_),
        conversations_(given_or(
            options_.conversations, own_conversations_,
            [this] { return make_conversations(config_, *database_, random_, clock_, loops_); })),
        kept_responses_(
            given_or(options_.kept_responses, own_kept_responses_,
                     [this] { return make_kept_responses(config_, *database_, clock_, loops_); })),
        kept_conversations_(given_or(
            options_.kept_conversations, own_kept_conversations_,
            [this] { return make_kept_conversations(config_, *database_, clock_, loops_); })),
        dialects_(make_builtin_dialects()),
        tracer_(options_.tracer != nullptr ? nullptr : make_tracer(config_, random_, log_)) {
    for (const auto& dialect : dialects_) dialects_by_name_.add(*dialect);
    for (const Dialect* dialect : options_.dialects) dialects_by_name_.add(*dialect);
    watching_health_ = state_.observe_health([this](const HealthChange& change) {
      if (const auto event = health_event(change, name_of(change.resource_id))) log_(*event);
    });
    if (own_router_) {
      registry_ = std::make_unique<OwnRegistry>(config_, *database_, clock_, log_,
                                                dialects_by_name_.names(), *own_router_);
    }
    upstreams_ = std::make_unique<LoopUpstreams>(config_, options_, clock_, loops_);
    HealthChecker& health =
        given_or(options_.health, own_health_, [this] { return make_checker(); });
    if (options_.health != nullptr || config_.health_check_enabled) health_ = &health;
    tester_ = std::make_unique<ProviderTester>(loops_.at(0), upstreams_->client(0), clock_,
                                               dialects_by_name_, config_.health_check_timeout);
    proxy_ = std::make_unique<Proxy>(config_, proxy_options());
  }

  ~Impl() { stop(); }

  void start() {
    if (sharing_ != nullptr) sharing_->start(loops_);
    tell_failovers();
    watch_lag();
    loops_.start();
    if (health_ != nullptr) health_->start();
    if (own_telemetry_) own_telemetry_->start();
  }

  void drain() {
    wait_until_idle(config_.drain_timeout, true);
    proxy_->cancel_all();
    wait_until_idle(kCancelTimeout, false);
  }

  void stop() {
    if (std::exchange(stopped_, true)) return;
    if (registry_) registry_->stop();
    loops_.stop();
    lag_.reset();
    if (sharing_ != nullptr) sharing_->stop();
    health_checker().stop();
    if (own_telemetry_) own_telemetry_->stop();
  }

  void hurry() {
    const std::scoped_lock lock(hurry_mutex_);
    hurried_ = true;
    hurry_condition_.notify_all();
  }

  Proxy& proxy() { return *proxy_; }
  EventLoops& loops() { return loops_; }
  UpstreamClient& upstream(std::size_t index) { return upstreams_->client(index); }
  UpstreamTrust& upstream_trust() { return upstreams_->trust(); }
  std::string reload_registry() {
    return registry_ ? registry_->registry().reload() : std::string();
  }
  const Clock& clock() const { return clock_; }

  ControlPlaneContext control_plane(const std::atomic<bool>& draining) {
    return {
        .config = config_,
        .clock = clock_,
        .router = router_,
        .state = state_,
        .health = health_checker(),
        .records = queries_,
        .telemetry = telemetry_,
        .metrics = metrics_,
        .draining = draining,
        .ping_database = [this] { database_->ping(); },
        .recent_decisions = [this] { return decisions_.newest_first(); },
        .active_exchanges = [this] { return proxy_->active_exchanges(); },
        .open_sockets = [this] { return proxy_->open_sockets(); },
        .telemetry_stream =
            own_telemetry_ ? own_telemetry_->stream_stats() : std::function<StreamStats()>(),
        .traces = trace_stats(),
        .of_runtime = std::make_shared<const ControlPlaneContext::OfRuntime>(
            ControlPlaneContext::OfRuntime{.registry = registry_ ? &registry_->registry() : nullptr,
                                           .tester = tester_.get(),
                                           .traffic = &traffic_})};
  }

 private:
  static RuntimeOptions checked(RuntimeOptions options) {
    if (options.router != nullptr && options.state == nullptr) {
      throw std::invalid_argument(
          "RuntimeOptions::router needs RuntimeOptions::state: the StateStore that its resources "
          "have their states from");
    }
    return options;
  }

  TelemetrySink& telemetry_target() {
    if (options_.telemetry != nullptr) return *options_.telemetry;
    own_telemetry_ = std::make_unique<OwnTelemetry>(config_, *database_, clock_, random_, log_);
    return own_telemetry_->sink();
  }

  // In one place: a record that went through a sink for each would be moved once for each.
  void count(const RequestRecord& record) {
    failovers_.look_at(record);
    if (options_.on_record) options_.on_record(record);
    traffic_.count(record);
    metrics_.count(record);
  }

  std::unique_ptr<HealthChecker> make_checker() {
    return make_health_checker({.path = config_.health_check_path,
                                .interval = config_.health_check_interval,
                                .timeout = config_.health_check_timeout,
                                .cooldown = config_.resource_cooldown,
                                .max_retry_after = config_.max_retry_after,
                                .log = log_},
                               router_, loops_.at(0), upstreams_->client(0), clock_,
                               dialects_by_name_);
  }

  // There is one even where checks are off: somebody may ask for a round.
  HealthChecker& health_checker() { return own_health_ ? *own_health_ : *options_.health; }

  std::string name_of(const std::string& resource_id) const {
    const auto table = router_.table();
    const Target* target = table->find(resource_id);
    return target != nullptr ? target->resource->name : resource_id;
  }

  ProxyOptions proxy_options() {
    ProxyOptions options{.clock = clock_,
                         .random = random_,
                         .state = state_,
                         .router = router_,
                         .balancer = balancer_,
                         .telemetry = observed_,
                         .loops = loops_,
                         .upstreams = {},
                         .dialects = dialects_by_name_,
                         .index = &index_,
                         .health = health_,
                         .helpers = options_.helpers,
                         .gate = options_.gate,
                         .conversations = &conversations_,
                         .kept_responses = &kept_responses_,
                         .kept_conversations = &kept_conversations_,
                         .hooks = options_.hooks,
                         .tracer = options_.tracer != nullptr ? options_.tracer : tracer_.get()};
    options.on_decision = [this](Decision decision) {
      if (sharing_ != nullptr) sharing_->share_decision(decision);
      decisions_.add(std::move(decision));
    };
    upstreams_->add_to(options);
    return options;
  }

  std::function<TraceStats()> trace_stats() const {
    if (!tracer_) return {};
    return [this] { return tracer_->stats(); };
  }

  // Its dialects are asked when tables are made: after all else was.
  std::unique_ptr<TableRouter> make_router() {
    return std::make_unique<TableRouter>(
        state_,
        [this](const Resource& resource, std::string_view model, std::string_view capabilities) {
          return dialects_by_name_.settings(resource, model, capabilities);
        });
  }

  RecentDecisions::Source all_decisions() {
    if (sharing_ == nullptr) return {};
    return [this] { return sharing_->recent_decisions(); };
  }

  void watch_lag() {
    std::vector<Timers*> timers;
    for (std::size_t i = 0; i < loops_.size(); ++i) timers.push_back(&loops_.at(i).timers());
    lag_ = std::make_unique<LoopLag>(
        std::move(timers), [this](SteadyTime::duration lag) { metrics_.observe_loop_lag(lag); });
  }

  void tell_failovers() {
    next_tell_ = loops_.at(0).timers().after(FailoverLog::kEvery, [this] {
      failovers_.tick();
      tell_failovers();
    });
  }

  void wait_until_idle(Millis timeout, bool may_hurry) {
    std::unique_lock lock(hurry_mutex_);
    const SteadyTime deadline = clock_.steady() + timeout;
    while (proxy_->active_exchanges() > 0 && !(may_hurry && hurried_) &&
           clock_.steady() < deadline) {
      hurry_condition_.wait_for(lock, kDrainPoll);
    }
  }

  // "own": empty where the host has given one.
  const Config config_;
  const RuntimeOptions options_;
  const Log log_;
  SystemClock own_clock_;
  const Clock& clock_;
  SeededRandom own_random_{random_seed()};
  Random& random_;
  std::unique_ptr<StateStore> own_state_;
  StateStore& state_;
  StateSharing* const sharing_;  // of state_; null: it is of this process
  std::unique_ptr<TableRouter> own_router_;
  const Router& router_;
  LoadBalancer balancer_;
  const std::unique_ptr<Database> database_;
  SqlRecordQueries sql_queries_;
  RecordQueries& queries_;
  Metrics metrics_;
  std::unique_ptr<OwnTelemetry> own_telemetry_;
  TelemetrySink& telemetry_;
  TrafficHistory traffic_;
  ObservedSink observed_;
  FailoverLog failovers_;
  RecentDecisions decisions_;
  std::unique_ptr<EventLoops> own_loops_;
  EventLoops& loops_;
  std::unique_ptr<Timer> next_tell_;  // of failovers
  std::unique_ptr<LoopLag> lag_;      // while the loops run
  RecordResponseIndex index_;
  std::unique_ptr<Conversations> own_conversations_;
  Conversations& conversations_;
  std::unique_ptr<KeptResponses> own_kept_responses_;
  KeptResponses& kept_responses_;
  std::unique_ptr<KeptConversations> own_kept_conversations_;
  KeptConversations& kept_conversations_;
  std::unique_ptr<LoopUpstreams> upstreams_;
  const std::vector<std::unique_ptr<Dialect>> dialects_;
  Dialects dialects_by_name_;
  std::unique_ptr<OwnRegistry> registry_;  // null: the router is the host's
  std::unique_ptr<ProviderTester> tester_;
  std::unique_ptr<HealthChecker> own_health_;
  HealthChecker* health_ = nullptr;           // null: checks are off
  const std::unique_ptr<OtlpTracer> tracer_;  // null: no traces
  std::unique_ptr<Proxy> proxy_;
  std::mutex hurry_mutex_;
  std::condition_variable hurry_condition_;
  bool hurried_ = false;  // guarded by hurry_mutex_
  bool stopped_ = false;
  // Last, so that it goes first: a store of the host goes on.
  HealthSubscription watching_health_;
};

Runtime::Runtime(const Config& config, RuntimeOptions options)
    : impl_(std::make_unique<Impl>(config, std::move(options))) {}
Runtime::~Runtime() = default;

void Runtime::start() {
  impl_->start();
}
void Runtime::drain() {
  impl_->drain();
}
void Runtime::stop() {
  impl_->stop();
}
void Runtime::hurry() {
  impl_->hurry();
}
Proxy& Runtime::proxy() {
  return impl_->proxy();
}
EventLoops& Runtime::loops() {
  return impl_->loops();
}
UpstreamClient& Runtime::upstream(std::size_t loop_index) {
  return impl_->upstream(loop_index);
}
UpstreamTrust& Runtime::upstream_trust() {
  return impl_->upstream_trust();
}
std::string Runtime::reload_registry() {
  return impl_->reload_registry();
}
const Clock& Runtime::clock() const {
  return impl_->clock();
}
ControlPlaneContext Runtime::control_plane(const std::atomic<bool>& draining) {
  return impl_->control_plane(draining);
}

}  // namespace responses_proxy
