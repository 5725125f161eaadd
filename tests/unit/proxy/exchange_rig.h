// An Exchange among fakes: the test is client, upstream and event loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fakes/fake_response_writer.h"
#include "fakes/fake_upstream.h"
#include "fakes/late_state_store.h"
#include "fakes/manual_clock.h"
#include "fakes/recording_sink.h"
#include "proxy/exchange.h"
#include "proxy/token_gate.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/exchange_hooks.h"
#include "responses_proxy/kept_conversations.h"
#include "responses_proxy/kept_responses.h"
#include "responses_proxy/table_router.h"

namespace responses_proxy::testing {

class ExchangeRig final : private ExchangeOwner {
 private:
  // First, so that they go last: the timers of whatever still waits belong to them.
  boost::asio::io_context context_;
  EventLoop loop_;

 public:
  explicit ExchangeRig(const std::vector<std::string>& keys) : loop_(context_), state(clock) {
    add_resources(keys);
  }
  // With timers that ring when the test says so.
  ExchangeRig(const std::vector<std::string>& keys, Timers& timers)
      : loop_(context_, timers), state(clock) {
    add_resources(keys);
  }

  void add_resources(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) {
      Resource resource;
      resource.id = "openai-" + std::to_string(config.resources.size() + 1);
      resource.provider_id = "environment";
      resource.pool_id = "openai-default";
      resource.base_url = "http://upstream/v1";
      resource.credential = Secret(key);
      config.resources.push_back(std::move(resource));
    }
    router.update(config.resources);
    dependencies_.dialects = {responses_.get(), chat_.get(), anthropic_.get()};
    dependencies_.gate = &token_gate_;
    dependencies_.conversations = conversations.get();
    dependencies_.kept_responses = kept_responses.get();
    dependencies_.kept_conversations = kept_conversations.get();
    dependencies_.on_decision = [this](Decision decision) {
      decisions.push_back(std::move(decision));
    };
  }

  // What still waits when a test ends would wait for ever.
  ~ExchangeRig() {
    for (const auto& begun : begun_) {
      if (const auto waiting = begun.lock()) waiting->shut_down();
    }
  }
  ExchangeRig(const ExchangeRig&) = delete;
  ExchangeRig& operator=(const ExchangeRig&) = delete;

  // Begins an exchange; it runs until it waits for something.
  std::shared_ptr<FakeResponseWriter> send(Request request) {
    auto writer = std::make_shared<FakeResponseWriter>();
    exchange = std::make_shared<Exchange>(
        config, dependencies_,
        ExchangeLoop{loop_, upstream, helpers_, routing_, secrets_, background_},
        static_cast<ExchangeOwner&>(*this), std::move(request), writer);
    begun_.push_back(exchange);
    exchange->run();
    return writer;
  }
  std::shared_ptr<FakeResponseWriter> post(std::string body, Headers headers = {}) {
    return send(post_of(std::move(body), std::move(headers)));
  }

  // One that no phase has run on yet: the test calls them.
  std::shared_ptr<ExchangeContext> context(Request request) {
    static struct Nobody final : ResponseObserver {
      void on_writable() override {}
      void on_closed() override {}
    } nobody;
    client = std::make_shared<FakeResponseWriter>();
    return std::make_shared<ExchangeContext>(
        config, dependencies_,
        ExchangeLoop{loop_, upstream, helpers_, routing_, secrets_, background_},
        std::move(request), client, nullptr, nobody);
  }
  std::shared_ptr<ExchangeContext> context(std::string body, Headers headers = {}) {
    return context(post_of(std::move(body), std::move(headers)));
  }
  // Lets the next timer ring.
  void ring() {
    context_.restart();
    context_.run_one();
  }

  // Runs what waits for the loop, but for timers.
  void poll() {
    context_.restart();
    context_.poll();
  }

  // Lets the timers ring until the exchange has ended.
  void run_until_ended() {
    while (ended == 0 && context_.run_one() > 0) {
    }
  }

  // Instead of the one over the config's client tokens.
  void use_gate(Gate& gate) { dependencies_.gate = &gate; }

  void use_hooks(ExchangeHooks& hooks) { dependencies_.hooks = &hooks; }
  void use_index(ResponseIndex& index) { dependencies_.index = &index; }
  void use_conversations(Conversations& given) { dependencies_.conversations = &given; }

  RequestRecord record() { return sink.wait_for(1).at(0); }
  ResourceState* resource(int number) {
    return router.table()->find("openai-" + std::to_string(number))->state;
  }

  ManualClock clock;
  Config config;
  LateStateStore state;
  TableRouter router{state};
  RecordingSink sink;
  std::unique_ptr<Conversations> conversations = make_memory_conversations(clock);
  std::unique_ptr<KeptResponses> kept_responses = make_memory_kept_responses(clock);
  std::unique_ptr<KeptConversations> kept_conversations = make_memory_kept_conversations(clock);
  FakeUpstream upstream;
  std::vector<Decision> decisions;
  std::shared_ptr<Exchange> exchange;          // the last one
  std::shared_ptr<FakeResponseWriter> client;  // of the last context
  std::size_t ended = 0;

 private:
  // Everything happens on the one thread there is.
  struct NoHelpers final : HelperThreads {
    bool run(std::function<void()>) override { return false; }
  };
  void on_exchange_ended(Exchange&) override { ++ended; }
  static Request post_of(std::string body, Headers headers) {
    Request request;
    request.method = "POST";
    request.path = "/v1/responses";
    request.headers = std::move(headers);
    request.body = std::move(body);
    return request;
  }

  std::vector<std::weak_ptr<Exchange>> begun_;
  SeededRandom random_{20261126};
  LoadBalancer balancer_{clock, random_};
  EventLoops loops_{1};  // not started: the exchange runs on loop_
  BackgroundRuns background_{2};
  RoutingCache routing_{router};
  KnownSecrets secrets_{config, routing_};
  std::unique_ptr<Dialect> responses_ = make_responses_dialect();
  std::unique_ptr<Dialect> chat_ = make_chat_completions_dialect();
  std::unique_ptr<Dialect> anthropic_ = make_anthropic_messages_dialect();
  NoHelpers helpers_;
  TokenGate token_gate_{config.client_tokens};
  ProxyOptions dependencies_{.clock = clock,
                             .random = random_,
                             .state = state,
                             .router = router,
                             .balancer = balancer_,
                             .telemetry = sink,
                             .loops = loops_,
                             .upstreams = {},
                             .dialects = {}};
};

}  // namespace responses_proxy::testing
