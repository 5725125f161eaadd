// TestProxy: a whole proxy with listener on a free port, its records kept in memory.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fakes/manual_clock.h"
#include "fakes/recording_sink.h"
#include "fakes/scripted_upstream.h"
#include "fakes/shouting_dialect.h"
#include "responses_proxy/helper_threads.h"
#include "responses_proxy/responses_proxy.h"
#include "responses_proxy/upstream_socket.h"
#include "server/http_listener.h"

namespace responses_proxy::testing {

// One key per name, all at the same upstream: resource ids openai-1, openai-2, ...
std::vector<Resource> resources_at(const std::string& base_url,
                                   const std::vector<std::string>& keys);

// The default configuration with those resources.
Config config_for(const ScriptedUpstream& upstream,
                  const std::vector<std::string>& keys = {"sk-a"});

class TestProxy {
 public:
  // `checks_keys`: a key that traffic finds refused is checked, as rp-server does it.
  explicit TestProxy(Config config, std::size_t threads = 1, ResponseIndex* index = nullptr,
                     HttpLimits limits = {}, bool checks_keys = false,
                     HelperThreads* helpers = nullptr, Gate* gate = nullptr);
  ~TestProxy();

  std::uint16_t port() const { return listener_->port(); }
  RecordingSink& records() { return sink_; }
  // Of all picks so far.
  std::vector<Decision> decisions();
  StateStore& state() { return *state_; }
  ResourceState* resource(std::string_view id) { return router_.table()->find(id)->state; }
  TableRouter& router() { return router_; }
  Proxy& proxy() { return *proxy_; }
  EventLoop& loop() { return loops_.at(0); }
  ManualClock& wall_and_cooldowns() { return clock_; }
  // Makes the next picks go elsewhere: these look busy for as long as the leases live.
  std::vector<Lease> keep_busy(std::initializer_list<const char*> resource_ids);
  // Waits until no exchange is under way.
  bool wait_until_idle();

 private:
  Config config_;
  ManualClock clock_;  // routing, affinity, records; sockets live in real time
  SystemClock real_clock_;
  SeededRandom random_{20261121};
  std::unique_ptr<StateStore> state_;
  TableRouter router_;
  LoadBalancer balancer_;
  RecordingSink sink_;
  std::mutex decisions_mutex_;  // guards decisions_
  std::vector<Decision> decisions_;
  EventLoops loops_;
  std::vector<std::unique_ptr<UpstreamClient>> upstreams_;
  std::vector<std::unique_ptr<UpstreamSockets>> upstream_sockets_;
  const std::unique_ptr<Dialect> responses_ = make_responses_dialect();
  const std::unique_ptr<Dialect> shout_ = make_shouting_dialect();
  const std::unique_ptr<Dialect> chat_ = make_chat_completions_dialect();
  const std::unique_ptr<Dialect> anthropic_ = make_anthropic_messages_dialect();
  const Dialects dialects_{responses_.get(), shout_.get(), chat_.get(), anthropic_.get()};
  std::unique_ptr<HealthChecker> checker_;
  std::unique_ptr<Proxy> proxy_;
  std::unique_ptr<HttpListener> listener_;
};

}  // namespace responses_proxy::testing
