// What translating adds: whole exchanges, from the request that was read to the bytes for the
// client, without sockets, kernel and database, in each dialect. `responses` is the passthrough
// that the others are compared with, in one run. docs/benchmarks.md has the numbers.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <utility>

#include "core/json.h"
#include "providers.h"
#include "unit/proxy/exchange_rig.h"

namespace {

using namespace responses_proxy;
using bench::kAnthropic;
using bench::kChat;
using bench::kResponses;
using bench::Provider;
using testing::ExchangeRig;

constexpr std::int64_t kEvents = 200;     // of one stream
constexpr std::int64_t kRequests = 2000;  // what the fakes keep of them stays small

std::unique_ptr<ExchangeRig> rig_for(const Provider& provider) {
  auto rig = std::make_unique<ExchangeRig>(std::vector<std::string>{"sk-key"});
  rig->config.resources[0].wire_api = provider.wire_api;
  rig->router.update(rig->config.resources);
  return rig;
}

Headers client_headers() {
  return {{"content-type", "application/json"},
          {"accept", "application/json"},
          {"user-agent", "OpenAI/Python 2.8.1"},
          {"authorization", "Bearer sk-client"},
          {"session_id", "0198c0de-0000-7000-8000-000000000000"}};
}

// About 1 KB, as in bench/relay.
std::string small_request(bool stream) {
  return dump({{"model", "m"},
               {"instructions", "You are a helpful assistant."},
               {"input", {{{"role", "user"}, {"content", std::string(800, 'x')}}}},
               {"stream", stream},
               {"store", false}});
}

// A conversation of an agent: asked, called, given back, told.
std::string history_of(int turns) {
  Json input = Json::array();
  for (int i = 0; i < turns; ++i) {
    const std::string id = "call_" + std::to_string(i);
    input.push_back({{"role", "user"}, {"content", std::string(200, 'u')}});
    input.push_back({{"type", "function_call"},
                     {"call_id", id},
                     {"name", "exec_command"},
                     {"arguments", dump({{"cmd", "sed -n 1,200p \"src/main.cpp\""}})}});
    input.push_back({{"type", "function_call_output"},
                     {"call_id", id},
                     {"output", std::string(500, 'o') + "\n" + std::string(100, '"')}});
    input.push_back({{"type", "message"},
                     {"role", "assistant"},
                     {"content", {{{"type", "output_text"}, {"text", std::string(300, 'a')}}}}});
  }
  input.push_back({{"role", "user"}, {"content", "Go on."}});
  return dump({{"model", "m"}, {"input", std::move(input)}, {"stream", true}});
}

// One event after the other, each on its own, as they come from a model.
void event(benchmark::State& state, const Provider& provider) {
  const std::string request = small_request(true);
  auto rig = rig_for(provider);
  for (auto _ : state) {
    state.PauseTiming();
    const auto client = rig->post(request, client_headers());
    auto& upstream = rig->upstream.last();
    upstream.stream();
    upstream.bytes(provider.head);
    upstream.bytes(provider.delta);
    const std::size_t before = client->body.size();
    state.ResumeTiming();
    for (std::int64_t i = 0; i < kEvents; ++i) upstream.bytes(provider.delta);
    state.PauseTiming();
    if (client->body.size() < before + static_cast<std::size_t>(kEvents) * 100) {
      state.SkipWithError("events were lost");
    }
    upstream.bytes(provider.tail);
    upstream.end();
    rig->run_until_ended();
    rig->ended = 0;
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kEvents);
}

void request(benchmark::State& state, const Provider& provider) {
  const std::string body = small_request(false);
  auto rig = rig_for(provider);
  for (auto _ : state) {
    const auto client = rig->post(body, client_headers());
    auto& upstream = rig->upstream.last();
    upstream.document();
    upstream.bytes(provider.document);
    upstream.end();
    if (client->body.find("The house is blue") == std::string::npos) {
      state.SkipWithError("no answer");
    }
  }
}

void history(benchmark::State& state, const std::unique_ptr<Dialect>& dialect) {
  Request request;
  request.method = "POST";
  request.path = "/v1/responses";
  request.headers = client_headers();
  request.body = history_of(static_cast<int>(state.range(0)));
  Resource resource;
  resource.base_url = "http://upstream/v1";
  resource.credential = Secret("sk-key");
  for (auto _ : state) {
    auto translated = dialect->translate({request, "m", {}}, resource);
    if (!translated) state.SkipWithError("not translated");
    benchmark::DoNotOptimize(translated);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(request.body.size()));
}

BENCHMARK_CAPTURE(event, responses, kResponses)->Iterations(kRequests);
BENCHMARK_CAPTURE(event, chat_completions, kChat)->Iterations(kRequests);
BENCHMARK_CAPTURE(event, anthropic_messages, kAnthropic)->Iterations(kRequests);
BENCHMARK_CAPTURE(request, responses, kResponses)->Iterations(kRequests * 10);
BENCHMARK_CAPTURE(request, chat_completions, kChat)->Iterations(kRequests * 10);
BENCHMARK_CAPTURE(request, anthropic_messages, kAnthropic)->Iterations(kRequests * 10);
BENCHMARK_CAPTURE(history, chat_completions, make_chat_completions_dialect())->Arg(400);
BENCHMARK_CAPTURE(history, anthropic_messages, make_anthropic_messages_dialect())->Arg(400);

}  // namespace

BENCHMARK_MAIN();
