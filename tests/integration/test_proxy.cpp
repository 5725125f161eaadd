#include "integration/test_proxy.h"

#include <utility>

#include "fakes/wait_until.h"

namespace responses_proxy::testing {

std::vector<Resource> resources_at(const std::string& base_url,
                                   const std::vector<std::string>& keys) {
  std::vector<Resource> resources;
  for (const std::string& key : keys) {
    Resource resource;
    resource.id = "openai-" + std::to_string(resources.size() + 1);
    resource.provider_id = "environment";
    resource.pool_id = "openai-default";
    resource.base_url = base_url;
    resource.credential = Secret(key);
    resources.push_back(std::move(resource));
  }
  return resources;
}

Config config_for(const ScriptedUpstream& upstream, const std::vector<std::string>& keys) {
  Config config;
  config.resources = resources_at(upstream.base_url(), keys);
  return config;
}

TestProxy::TestProxy(Config config, std::size_t threads, ResponseIndex* index, HttpLimits limits,
                     bool checks_keys, HelperThreads* helpers, Gate* gate)
    : config_(std::move(config)),
      state_(make_memory_state_store(clock_)),
      router_(
          *state_,
          [this](const Resource& resource, std::string_view model, std::string_view capabilities) {
            return dialects_.settings(resource, model, capabilities);
          }),
      balancer_(clock_, random_),
      loops_(threads) {
  router_.update(config_.resources, config_.aliases);
  ProxyOptions options{.clock = clock_,
                       .random = random_,
                       .state = *state_,
                       .router = router_,
                       .balancer = balancer_,
                       .telemetry = sink_,
                       .loops = loops_,
                       .upstreams = {},
                       .dialects = dialects_,
                       .index = index,
                       .helpers = helpers,
                       .gate = gate};
  options.on_decision = [this](Decision decision) {
    const std::scoped_lock lock(decisions_mutex_);
    decisions_.push_back(std::move(decision));
  };
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    upstreams_.push_back(
        make_upstream_client(loops_.at(i), real_clock_, {.http = config_.upstream_http}));
    options.upstreams.push_back(upstreams_.back().get());
    upstream_sockets_.push_back(make_upstream_sockets(loops_.at(i), real_clock_));
    options.upstream_sockets.push_back(upstream_sockets_.back().get());
  }
  checker_ = make_health_checker({}, router_, loops_.at(0), *upstreams_.front(), clock_, dialects_);
  if (checks_keys) options.health = checker_.get();
  proxy_ = std::make_unique<Proxy>(config_, std::move(options));
  ListenerLimits listener_limits = listener_limits_of(config_);
  limits.max_body_bytes = config_.max_body_bytes;
  listener_limits.http = limits;
  listener_limits.browsers.allowed_hosts.emplace_back("x");  // what raw requests of tests say
  ListenerHandlers handlers;
  handlers.serve = [this](std::size_t, Request request, std::shared_ptr<ResponseWriter> writer) {
    proxy_->handle(std::move(request), std::move(writer));
  };
  handlers.accepts_socket = [this](const Request& handshake) {
    return proxy_->accepts_socket(handshake);
  };
  handlers.open_socket = [this](Request handshake, std::shared_ptr<SocketWriter> writer) {
    return proxy_->open_socket(std::move(handshake), std::move(writer));
  };
  listener_ = std::make_unique<HttpListener>(loops_, ListenPlace{"127.0.0.1"}, listener_limits,
                                             real_clock_, std::move(handlers));
  listener_->start();
  loops_.start();
}

TestProxy::~TestProxy() {
  listener_->drain();
  proxy_->cancel_all();
  wait_until_idle();
  loops_.stop();
  checker_->stop();
}

std::vector<Lease> TestProxy::keep_busy(std::initializer_list<const char*> resource_ids) {
  std::vector<Lease> leases;
  const auto table = router_.table();
  for (const char* id : resource_ids) {
    leases.emplace_back(table, *table->find(id), SelectionReason::session_affinity);
  }
  return leases;
}

std::vector<Decision> TestProxy::decisions() {
  const std::scoped_lock lock(decisions_mutex_);
  return decisions_;
}

bool TestProxy::wait_until_idle() {
  return wait_until([this] { return proxy_->active_exchanges() == 0; });
}

}  // namespace responses_proxy::testing
