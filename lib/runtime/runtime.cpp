#include "responses_proxy/runtime.h"

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include "conversations/sql_conversations.h"
#include "core/postgres_url.h"
#include "dialects/builtin_dialects.h"
#include "health/provider_tester.h"
#include "log/failover_log.h"
#include "log/health_log.h"
#include "log/masked_log.h"
#include "redis/redis_bell.h"
#include "registry/registry.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/health_checker.h"
#include "responses_proxy/load_balancer.h"
#include "responses_proxy/router.h"
#include "responses_proxy/shared_state_store.h"
#include "responses_proxy/state_store.h"
#include "responses_proxy/upstream_client.h"
#include "responses_proxy/upstream_socket.h"
#include "responses_proxy/upstream_trust.h"
#include "runtime/registry_refresh.h"
#include "state/recent_decisions.h"
#include "storage/postgres_listener.h"
#include "storage/sql_record_queries.h"
#include "storage/sql_record_writer.h"
#include "telemetry/metrics.h"
#include "telemetry/queue_sink.h"
#include "telemetry/record_response_index.h"
#include "telemetry/stream_gauge.h"
#include "telemetry/stream_record_writer.h"
#include "telemetry/stream_worker.h"

namespace responses_proxy {

namespace {

constexpr Millis kDrainPoll{20};
constexpr Millis kCancelTimeout{2'000};  // for cancelled exchanges to leave their loop
constexpr Millis kFlushTimeout{10'000};
constexpr Millis kStreamTimeout{5'000};  // for the worker in here to empty the stream

AffinityLimits affinity_limits(const Config& config) {
  AffinityLimits limits;
  limits.max_entries = config.max_affinity_entries;
  limits.session_idle = config.session_affinity_ttl;
  return limits;
}

LoadBalancerOptions balancer_options(const Config& config) {
  LoadBalancerOptions options;
  options.recheck = config.health_check_interval;
  options.slow_start = config.slow_start;
  options.policy = make_balancing_policy(config.balancing_policy);
  return options;
}

QueueSinkOptions queue_options(const Config& config) {
  QueueSinkOptions options;
  // A batch is five round trips, and the first one connects as well: slow is not silent.
  if (config.redis_url.empty() && is_postgres_url(config.database_url.reveal())) {
    options.patience = Millis(3'000);
  }
  options.spool_path = config.telemetry_spool_path;
  options.spool_bytes = config.telemetry_spool_bytes;
  return options;
}

std::unique_ptr<StateStore> make_state_store(const Config& config, const Clock& clock,
                                             Random& random, const Log& log) {
  if (config.redis_url.empty()) return make_memory_state_store(clock, affinity_limits(config));
  return make_redis_state_store(
      clock, random, {config.redis_url, config.redis_timeout, affinity_limits(config), log});
}

// With Redis, records go to its stream, and workers write them to the database.
std::unique_ptr<StreamRecordWriter> make_stream_writer(const Config& config, Random& random,
                                                       const Log& log) {
  if (config.redis_url.empty()) return nullptr;
  return std::make_unique<StreamRecordWriter>(stream_options(config), random, log);
}

std::unique_ptr<Conversations> make_conversations(const Config& config, Database& database,
                                                  Random& random, const Clock& clock,
                                                  EventLoops& loops) {
  const Millis ttl = config.response_state_ttl;
  if (ttl == Millis::zero()) return make_memory_conversations(clock);
  return std::make_unique<SqlConversations>(database, random, clock, loops, ttl);
}

std::unique_ptr<StreamGauge> make_stream_gauge(const Config& config, const Clock& clock) {
  if (config.redis_url.empty()) return nullptr;
  return std::make_unique<StreamGauge>(stream_options(config), config.redis_timeout, clock);
}

RegistryOptions registry_options(const Config& config, const Log& log) {
  RegistryOptions options;
  options.keys = config.secret_encryption_keys;
  options.allow_private_upstreams = config.allow_private_upstreams;
  options.websocket = config.upstream_websocket;
  options.file = config.registry_file;
  options.cache_path = config.routing_cache_path;
  options.variable = process_environment();
  options.resources = config.resources;
  options.aliases = config.aliases;
  options.log = log;
  return options;
}

}  // namespace

class Runtime::Impl {
 public:
  Impl(const Config& config, Log log)
      : config_(config),
        log_(masked_log(config_, std::move(log))),
        random_(random_seed()),
        state_(make_state_store(config_, clock_, random_, log_)),
        shared_state_(dynamic_cast<SharedStateStore*>(state_.get())),
        router_(*state_),
        balancer_(clock_, random_, balancer_options(config_)),
        database_(open_database(config_.database_url.reveal(), clock_)),
        queries_(*database_),
        sql_writer_(*database_),
        stream_writer_(make_stream_writer(config_, random_, log_)),
        queue_(queue_writer(), config_.telemetry_queue_size, clock_, log_, queue_options(config_)),
        telemetry_(queue_, metrics_),
        failovers_(telemetry_, log_, clock_, [this](const std::string& id) { return name_of(id); }),
        stream_gauge_(make_stream_gauge(config_, clock_)),
        decisions_(all_decisions()),
        loops_(config_.io_threads),
        index_(queries_),
        conversations_(make_conversations(config_, *database_, random_, clock_, loops_)),
        trust_(std::make_shared<UpstreamTrust>(
            TrustFiles{config_.upstream_ca_file, config_.ssl_cert_file, config_.ssl_cert_dir})),
        dialects_(make_builtin_dialects()),
        registered_(*database_) {
    for (const auto& dialect : dialects_) dialects_by_name_.add(*dialect);
    state_->observe_health([this](const HealthChange& change) {
      if (const auto event = health_event(change, name_of(change.resource_id))) log_(*event);
    });
    make_registry();
    if (const std::string problem = trust_->problem(); !problem.empty()) {
      throw std::runtime_error(problem);
    }
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      UpstreamClientOptions http;
      http.trust = trust_;
      http.allow_private = config_.allow_private_upstreams;
      upstreams_.push_back(make_curl_upstream_client(loops_.at(i), clock_, http));
      UpstreamSocketOptions sockets;
      sockets.trust = trust_;
      sockets.allow_private = config_.allow_private_upstreams;
      upstream_sockets_.push_back(std::make_unique<UpstreamSockets>(loops_.at(i), sockets));
    }
    health_ = make_health_checker(
        {config_.health_check_path, config_.health_check_interval, config_.health_check_timeout,
         config_.resource_cooldown, config_.max_retry_after, log_},
        router_, loops_.at(0), *upstreams_.front(), clock_, dialects_by_name_);
    tester_ = std::make_unique<ProviderTester>(loops_.at(0), *upstreams_.front(), clock_,
                                               dialects_by_name_, config_.health_check_timeout);
    proxy_ = std::make_unique<Proxy>(config_, dependencies());
  }

  ~Impl() { stop(); }

  void start() {
    if (shared_state_ != nullptr) shared_state_->start(loops_);
    tell_failovers();
    loops_.start();
    if (config_.health_check_enabled) health_->start();
    if (config_.in_process_worker && !config_.redis_url.empty()) start_worker();
  }

  void drain() {
    wait_until_idle(config_.drain_timeout, true);
    proxy_->cancel_all();
    wait_until_idle(kCancelTimeout, false);
  }

  void stop() {
    if (std::exchange(stopped_, true)) return;
    database_news_.reset();
    redis_news_.reset();
    refresh_.reset();
    loops_.stop();
    if (shared_state_ != nullptr) shared_state_->stop();
    health_->stop();
    if (!telemetry_.flush(kFlushTimeout)) {
      log_({LogLevel::error, "records_lost", "telemetry: gave up writing the last records"});
    }
    if (worker_) worker_->stop(kStreamTimeout);
  }

  void hurry() {
    const std::scoped_lock lock(hurry_mutex_);
    hurried_ = true;
    hurry_condition_.notify_all();
  }

  Proxy& proxy() { return *proxy_; }
  EventLoops& loops() { return loops_; }
  UpstreamClient& upstream(std::size_t index) { return *upstreams_.at(index); }
  UpstreamTrust& upstream_trust() { return *trust_; }
  std::string reload_registry() { return registry_->reload(); }
  const Clock& clock() const { return clock_; }

  ControlPlaneContext control_plane(const std::atomic<bool>& draining) {
    ControlPlaneContext context{config_,
                                clock_,
                                router_,
                                *state_,
                                *health_,
                                queries_,
                                [this] { database_->ping(); },
                                telemetry_,
                                decisions_,
                                metrics_,
                                [this] { return proxy_->active_exchanges(); },
                                draining};
    if (stream_gauge_) context.telemetry_stream = [this] { return stream_gauge_->read(); };
    context.open_sockets = [this] { return proxy_->open_sockets(); };
    context.registry = registry_.get();
    context.tester = tester_.get();
    return context;
  }

 private:
  // What is registered is routed to from here on.
  void make_registry() {
    RegistryOptions options = registry_options(config_, log_);
    options.is_spoken = [this](std::string_view wire_api) {
      return dialects_by_name_.find(wire_api) != nullptr;
    };
    registry_ = std::make_unique<Registry>(
        registered_, clock_, std::move(options),
        [this](std::vector<Resource> resources, std::vector<ModelAlias> aliases) {
          router_.update(std::move(resources), std::move(aliases));
        });
    registry_->on_change([this](std::int64_t) {
      if (redis_news_) redis_news_->ring();
    });
    registry_->load();
    refresh_ = std::make_unique<RegistryRefresh>(*registry_, config_.routing_refresh_interval);
    hear_of_changes();
  }

  // Of other replicas, so that the interval is only for what is not heard.
  void hear_of_changes() {
    const auto heard = [this] { refresh_->hurry(); };
    const std::string& url = config_.database_url.reveal();
    if (is_postgres_url(url)) {
      database_news_ = std::make_unique<PostgresListener>(url, RegistryStore::kChannel, heard);
    }
    RedisOptions redis;
    if (config_.redis_url.empty() || !parse_redis_url(config_.redis_url.reveal(), redis).empty()) {
      return;
    }
    redis_news_ = std::make_unique<RedisBell>(redis, "rp:registry", heard);
  }

  RecordWriter& queue_writer() {
    if (stream_writer_) return *stream_writer_;
    return sql_writer_;
  }

  std::string name_of(const std::string& resource_id) const {
    const auto table = router_.table();
    const Target* target = table->find(resource_id);
    return target != nullptr ? target->resource->name : resource_id;
  }

  Dependencies dependencies() {
    Dependencies dependencies{clock_,  random_, *state_, router_, balancer_, failovers_,
                              &index_, {},      {},      loops_,  {},        {}};
    if (config_.health_check_enabled) dependencies.health = health_.get();
    dependencies.conversations = conversations_.get();
    dependencies.on_decision = [this](Decision decision) {
      if (shared_state_ != nullptr) shared_state_->share_decision(decision);
      decisions_.add(std::move(decision));
    };
    dependencies.dialects = dialects_by_name_;
    for (const auto& upstream : upstreams_) dependencies.upstreams.push_back(upstream.get());
    for (const auto& sockets : upstream_sockets_) {
      dependencies.upstream_sockets.push_back(sockets.get());
    }
    return dependencies;
  }

  RecentDecisions::Source all_decisions() {
    if (shared_state_ == nullptr) return {};
    return [this] { return shared_state_->recent_decisions(); };
  }

  void start_worker() {
    StreamWorkerOptions options;
    options.consumer.name = consumer_name(config_.telemetry_consumer, random_);
    worker_ =
        std::make_unique<StreamWorker>(stream_options(config_), sql_writer_, clock_, log_, options);
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

  const Config config_;
  const Log log_;
  SystemClock clock_;
  SeededRandom random_;
  std::unique_ptr<StateStore> state_;
  SharedStateStore* const shared_state_;  // the same, with Redis
  Router router_;
  LoadBalancer balancer_;
  const std::unique_ptr<Database> database_;
  SqlRecordQueries queries_;
  Metrics metrics_;
  SqlRecordWriter sql_writer_;
  const std::unique_ptr<StreamRecordWriter> stream_writer_;  // with Redis
  QueueTelemetrySink queue_;
  MeteredSink telemetry_;
  FailoverLog failovers_;
  std::unique_ptr<StreamGauge> stream_gauge_;  // with Redis
  std::unique_ptr<StreamWorker> worker_;       // with Redis, if it is to run in here
  RecentDecisions decisions_;
  EventLoops loops_;
  std::unique_ptr<Timer> next_tell_;  // of failovers
  RecordResponseIndex index_;
  const std::unique_ptr<Conversations> conversations_;
  const std::shared_ptr<UpstreamTrust> trust_;
  std::vector<std::unique_ptr<UpstreamClient>> upstreams_;
  std::vector<std::unique_ptr<UpstreamSockets>> upstream_sockets_;
  const std::vector<std::unique_ptr<Dialect>> dialects_;
  Dialects dialects_by_name_;
  RegistryStore registered_;
  std::unique_ptr<Registry> registry_;
  std::unique_ptr<RegistryRefresh> refresh_;
  std::unique_ptr<PostgresListener> database_news_;  // with PostgreSQL
  std::unique_ptr<RedisBell> redis_news_;            // with Redis
  std::unique_ptr<ProviderTester> tester_;
  std::unique_ptr<HealthChecker> health_;
  std::unique_ptr<Proxy> proxy_;
  std::mutex hurry_mutex_;
  std::condition_variable hurry_condition_;
  bool hurried_ = false;  // guarded by hurry_mutex_
  bool stopped_ = false;
};

Runtime::Runtime(const Config& config, Log log)
    : impl_(std::make_unique<Impl>(config, std::move(log))) {}
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
