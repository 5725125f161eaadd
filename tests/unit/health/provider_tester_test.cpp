#include "health/provider_tester.h"

#include <doctest/doctest.h>

#include "fakes/manual_clock.h"
#include "fakes/responses_bodies.h"
#include "fakes/scripted_upstream.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/upstream_client.h"

namespace responses_proxy {

namespace {

using testing::json_reply;
using testing::Reply;
using State = TestStep::State;

struct Fixture {
  Fixture() { loops.start(); }
  ~Fixture() { loops.stop(); }

  Resource resource() const {
    Resource made;
    made.id = "kimi";
    made.base_url = upstream.base_url();
    made.credential = Secret("sk-a");
    made.health_path = "models";
    return made;
  }
  void answer(const std::string& method, Reply reply) {
    upstream.add({"sk-a", method, "", {std::move(reply)}, true});
  }

  testing::ScriptedUpstream upstream;
  testing::ManualClock clock;
  EventLoops loops{1};
  std::unique_ptr<UpstreamClient> client = make_upstream_client(loops.at(0), clock);
  const std::unique_ptr<Dialect> dialect = make_responses_dialect();
  ProviderTester tester{loops.at(0), *client, clock, Dialects{dialect.get()}, Millis(20'000)};
};

// "resolve ok, connect ok, auth failed"
std::string told(const TestReport& report) {
  std::string text;
  for (const TestStep& step : report.steps) {
    const char* words[] = {"ok", "failed", "unknown", "skipped"};
    text += (text.empty() ? "" : ", ") + step.name + " " + words[static_cast<int>(step.state)];
  }
  return text;
}

}  // namespace

TEST_CASE("a provider that takes the key passes every step") {
  Fixture f;
  f.answer("GET", json_reply(testing::models_list({"m"})));
  const TestReport report = f.tester.test_provider(f.resource());
  CHECK(report.ok);
  CHECK(report.status == 200);
  CHECK(told(report) == "resolve ok, connect ok, auth ok");
  CHECK(f.upstream.requests().at(0).target == "/v1/models");
}

TEST_CASE("a refused key is told in the provider's words, and without the key") {
  Fixture f;
  f.answer("GET", testing::error_reply(401, "invalid_request_error", "invalid_api_key",
                                       "Incorrect API key provided: sk-a"));
  const TestReport report = f.tester.test_provider(f.resource());
  CHECK_FALSE(report.ok);
  CHECK(told(report) == "resolve ok, connect ok, auth failed");
  CHECK(report.steps.back().detail.starts_with("HTTP 401: Incorrect API key provided: "));
  CHECK(report.steps.back().detail.find("sk-a") == std::string::npos);
}

TEST_CASE("a path that is not there says nothing about the key") {
  Fixture f;
  f.answer("GET", json_reply({}, 404));
  const TestReport report = f.tester.test_provider(f.resource());
  CHECK(report.ok);
  CHECK(told(report) == "resolve ok, connect ok, auth unknown");
}

TEST_CASE("how far the connection came") {
  Fixture f;
  Resource nobody = f.resource();
  nobody.base_url = "http://127.0.0.1:1/v1";
  CHECK(told(f.tester.test_provider(nobody)) == "resolve ok, connect failed, auth skipped");
  nobody.base_url = "http://no-such-host.invalid/v1";
  CHECK(told(f.tester.test_provider(nobody)) == "resolve failed, connect skipped, auth skipped");
  Resource plain = f.resource();
  plain.base_url.replace(0, 4, "https");  // nobody speaks TLS there
  CHECK(told(f.tester.test_provider(plain)) == "resolve ok, connect ok, tls failed, auth skipped");
}

TEST_CASE("a model is asked for a few tokens") {
  Fixture f;
  f.answer("POST", json_reply({{"id", "resp_1"}, {"object", "response"}}));
  const TestReport report = f.tester.test_model(f.resource(), "kimi-k2.6", "");
  CHECK(report.ok);
  CHECK(told(report) == "resolve ok, connect ok, auth ok, model ok");
  const std::string body = f.upstream.requests().at(0).body;
  CHECK(body.find(R"("model":"kimi-k2.6")") != std::string::npos);
  CHECK(body.find("max_output_tokens") != std::string::npos);
}

TEST_CASE("a model that is not there is not the key's fault") {
  Fixture f;
  f.answer("POST", testing::error_reply(404, "invalid_request_error", "model_not_found",
                                        "The model gone does not exist"));
  const TestReport report = f.tester.test_model(f.resource(), "gone", "");
  CHECK_FALSE(report.ok);
  CHECK(told(report) == "resolve ok, connect ok, auth ok, model failed");
  CHECK(report.steps.back().detail == "HTTP 404: The model gone does not exist");
}

TEST_CASE("what nobody speaks is told before anything is sent") {
  Fixture f;
  Resource custom = f.resource();
  custom.wire_api = "telepathy";
  CHECK(told(f.tester.test_provider(custom)) == "wire_api failed");
  CHECK(f.upstream.requests().empty());
}

TEST_CASE("each step has the time it took itself, where it was measured") {
  Fixture f;
  f.answer("GET", json_reply(testing::models_list({"m"})));
  Resource named = f.resource();
  named.base_url.replace(named.base_url.find("127.0.0.1"), 9, "localhost");
  const TestReport report = f.tester.test_provider(named);
  REQUIRE(report.ok);
  CHECK(report.steps[0].latency);
  CHECK(report.steps[1].latency);
  named.base_url = "http://127.0.0.1:1/v1";
  for (const TestStep& step : f.tester.test_provider(named).steps) {
    if (step.name != "resolve") CHECK_FALSE(step.latency);
  }
}

TEST_CASE("a test speaks the version of HTTP that the provider's requests do") {
  Fixture f;
  struct Watching final : UpstreamClient {
    explicit Watching(UpstreamClient& client) : real(client) {}
    std::unique_ptr<UpstreamTransfer> start(UpstreamRequest request,
                                            UpstreamHandler& handler) override {
      http2.push_back(request.http2);
      return real.start(std::move(request), handler);
    }
    UpstreamClient& real;
    std::vector<bool> http2;
  } watching(*f.client);
  ProviderTester tester(f.loops.at(0), watching, f.clock, Dialects{f.dialect.get()},
                        Millis(20'000));
  Resource resource = f.resource();
  tester.test_provider(resource);
  resource.http2 = true;
  tester.test_provider(resource);
  CHECK(watching.http2 == std::vector<bool>{false, true});
}

TEST_CASE("a test connects to no private address where they are forbidden, whatever name it has") {
  Fixture f;
  UpstreamClientOptions options;
  options.allow_private = false;
  const auto client = make_upstream_client(f.loops.at(0), f.clock, options);
  ProviderTester tester(f.loops.at(0), *client, f.clock, Dialects{f.dialect.get()}, Millis(20'000));
  for (const char* host : {"127.0.0.1", "localhost", "127.1"}) {
    Resource named = f.resource();
    named.base_url.replace(named.base_url.find("127.0.0.1"), 9, host);
    const TestReport report = tester.test_provider(named);
    CHECK(told(report) == "resolve ok, connect failed, auth skipped");
    CHECK(report.steps[1].detail.find("PROXY_ALLOW_PRIVATE_UPSTREAMS=false") != std::string::npos);
  }
  CHECK(f.upstream.requests().empty());
  f.loops.stop();  // before the client goes
}

}  // namespace responses_proxy
