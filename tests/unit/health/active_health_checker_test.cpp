#include <doctest/doctest.h>

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <future>
#include <map>
#include <vector>

#include "fakes/manual_clock.h"
#include "fakes/responses_bodies.h"
#include "fakes/scripted_upstream.h"
#include "fakes/wait_until.h"
#include "responses_proxy/dialects.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/health_checker.h"
#include "responses_proxy/table_router.h"
#include "responses_proxy/upstream_client.h"

namespace responses_proxy {

namespace {

using testing::json_reply;
using testing::ManualClock;
using testing::Reply;
using testing::ScriptedUpstream;
using testing::Step;
using testing::wait_until;

using Results = std::vector<HealthCheckResult>;
constexpr std::chrono::seconds kPatience{30};

// The periodic checks are off unless a test starts them.
struct Fixture {
  const std::unique_ptr<Dialect> dialect = make_responses_dialect();
  const Dialects dialects{dialect.get()};

  explicit Fixture(HealthCheckOptions options = {}) {
    checker =
        make_health_checker(std::move(options), router, loops.at(0), *client, clock, dialects);
    loops.start();
  }
  ~Fixture() {
    loops.stop();
    checker->stop();
  }

  // Runs it on the loop, and returns when it is done.
  void on_loop(const std::function<void()>& task) {
    std::promise<void> done;
    loops.at(0).post([&] {
      task();
      done.set_value();
    });
    done.get_future().get();
  }
  void stop() {
    on_loop([this] { checker->stop(); });
  }

  // Resource "a" has the key "sk-a", and so on.
  void configure(const std::vector<std::string>& ids, const std::string& base_url) {
    std::vector<Resource> resources;
    for (const std::string& id : ids) {
      resources.push_back(
          {id, "", "environment", "main", base_url, "responses", Secret("sk-" + id), 1.0});
    }
    router.update(std::move(resources));
  }
  void answer(const std::string& id, Reply reply) {
    upstream.add({"sk-" + id, "GET", "", {std::move(reply)}, true});
  }
  std::future<Results> ask() {
    auto promise = std::make_shared<std::promise<Results>>();
    checker->check_all([promise](Results results) { promise->set_value(std::move(results)); });
    return promise->get_future();
  }
  std::map<std::string, HealthCheckResult> check() {
    std::future<Results> asked = ask();
    REQUIRE(asked.wait_for(kPatience) == std::future_status::ready);
    std::map<std::string, HealthCheckResult> by_id;
    for (HealthCheckResult& result : asked.get()) by_id[result.resource_id] = std::move(result);
    return by_id;
  }
  ResourceState& state(std::string_view id) { return *router.table()->find(id)->state; }

  ScriptedUpstream upstream;
  ManualClock clock;
  std::unique_ptr<StateStore> store = make_memory_state_store(clock);
  TableRouter router{*store};
  EventLoops loops{1};
  std::unique_ptr<UpstreamClient> client = make_upstream_client(loops.at(0), clock);
  std::unique_ptr<HealthChecker> checker;
};

Reply silent(const std::string& gate) {
  Reply reply = json_reply(testing::models_list({}));
  reply.before_head = {Step::gate(gate)};
  return reply;
}

}  // namespace

TEST_CASE("a round asks every resource with its own key and judges the answers") {
  Fixture f({.path = "models?limit=1", .cooldown = Millis(20'000)});
  f.configure({"ok", "key", "limit", "down", "odd"}, f.upstream.base_url());
  f.answer("ok", json_reply(testing::models_list({"m"})));
  f.answer("key", testing::error_reply(401, "invalid_request_error", "invalid_api_key", "No"));
  Reply limited = testing::error_reply(429, "rate_limit_error", "rate_limit_exceeded", "Slow down");
  limited.headers.add("Retry-After", "60");
  f.answer("limit", limited);
  f.answer("down", json_reply({}, 503));
  f.answer("odd", json_reply({}, 418));

  const auto results = f.check();
  REQUIRE(results.size() == 5);
  CHECK(results.at("ok").health == Health::healthy);
  CHECK(results.at("ok").status_code == 200);
  CHECK(results.at("ok").error.empty());
  CHECK(results.at("key").health == Health::unhealthy);
  CHECK(results.at("key").error == "HTTP 401: No");
  CHECK(results.at("limit").health == Health::degraded);
  CHECK(results.at("down").health == Health::degraded);
  CHECK(results.at("down").status_code == 503);
  CHECK(results.at("odd").health == Health::unhealthy);
  CHECK(results.at("odd").error == "HTTP 418");

  const SteadyTime now = f.clock.steady();
  for (const auto& [id, result] : results) {
    CAPTURE(id);
    CHECK(f.state(id).health() == result.health);
    CHECK(f.state(id).total_errors() == 0);  // these are the clients' errors
    CHECK(f.state(id).total_requests() == 0);
    CHECK(f.state(id).active() == 0);
  }
  CHECK(f.state("key").cooldown_until() == now + Millis(20'000));
  CHECK(f.state("odd").cooldown_until() == now + Millis(20'000));
  CHECK(f.state("limit").blocked_until() == now + Millis(60'000));
  CHECK(f.state("down").blocked_until() == SteadyTime{});
  CHECK(f.state("key").last_error() == "health check: HTTP 401: No");
  CHECK(f.state("down").last_error() == "health check: HTTP 503");
  CHECK(f.state("ok").last_error().empty());

  for (const auto& request : f.upstream.requests()) {
    CHECK(request.method == "GET");
    CHECK(request.target == "/v1/models?limit=1");
  }
}

TEST_CASE("a good check of what fails traffic puts it on trial and ends no cooldown") {
  Fixture f;
  f.configure({"a"}, f.upstream.base_url());
  f.state("a").apply({Health::unhealthy, Millis(60'000), {}, true, "HTTP 401"}, f.clock.steady());
  CHECK(f.check().at("a").health == Health::healthy);  // what the check itself has found
  CHECK(f.state("a").health() == Health::degraded);
  CHECK(f.state("a").on_trial());
  CHECK(f.state("a").cooldown_until() == f.clock.steady() + Millis(60'000));
}

TEST_CASE("a path that is not there says nothing about the keys, and one warning says so") {
  for (const int status : {404, 405, 501}) {
    CAPTURE(status);
    std::vector<LogEvent> events;
    HealthCheckOptions options{.path = "nowhere"};
    options.log = [&events](const LogEvent& event) { events.push_back(event); };
    Fixture f(options);
    f.configure({"new", "good", "bad"}, f.upstream.base_url());
    f.state("good").apply({Health::healthy, {}, {}, false, ""}, f.clock.steady());
    f.state("bad").apply({Health::unhealthy, Millis(60'000), {}, true, "HTTP 401"},
                         f.clock.steady());
    for (const char* id : {"new", "good", "bad"}) f.answer(id, json_reply({}, status));
    f.check();
    const auto results = f.check();
    CHECK(results.at("new").health == Health::unknown);
    CHECK(results.at("new").error == "HTTP " + std::to_string(status));
    CHECK(f.state("new").health() == Health::unknown);
    CHECK(f.state("new").last_error().empty());
    REQUIRE(f.state("new").last_check());
    CHECK(f.state("new").last_check()->health == Health::unknown);
    CHECK(f.state("new").last_check()->error == "HTTP " + std::to_string(status));
    CHECK(f.state("good").health() == Health::healthy);
    CHECK(f.state("bad").health() == Health::unhealthy);
    f.stop();
    REQUIRE(events.size() == 1);
    CHECK(events[0].level == LogLevel::warning);
    CHECK(events[0].event == "health_path_missing");
    CHECK(events[0].message.find(f.upstream.base_url() + "/nowhere") != std::string::npos);
    CHECK(events[0].message.find("PROXY_HEALTH_CHECK_PATH") != std::string::npos);
    CHECK(events[0].message.find("PROXY_HEALTH_CHECK_ENABLED=false") != std::string::npos);
  }
}

TEST_CASE("a resource may have a health path of its own, or none") {
  Fixture f({.path = "models"});
  f.configure({"as", "own", "none"}, f.upstream.base_url());
  for (const char* id : {"as", "own", "none"}) f.answer(id, json_reply(testing::models_list({})));
  std::vector<Resource> resources;
  for (const Target& target : f.router.table()->all()) resources.push_back(*target.resource);
  resources[1].health_path = "key/info";
  resources[2].health_path = "";
  f.router.update(std::move(resources));

  const auto results = f.check();
  CHECK(results.size() == 2);
  CHECK(results.count("none") == 0);
  std::map<std::string, std::string> paths;
  for (const auto& request : f.upstream.requests()) {
    paths[std::string(request.headers.get("authorization"))] = request.target;
  }
  CHECK(paths["Bearer sk-as"] == "/v1/models");
  CHECK(paths["Bearer sk-own"] == "/v1/key/info");
}

TEST_CASE("a refused key is checked alone, and by one check at a time") {
  Fixture f;
  f.configure({"a", "b"}, f.upstream.base_url());
  f.upstream.add({"sk-a", "GET", "", {silent("go")}, true});
  f.state("a").apply(
      {Health::unhealthy, Millis(30'000), {}, true, "HTTP 401", Blame::resource, true},
      f.clock.steady());
  for (int i = 0; i < 5; ++i) f.checker->check("a");
  f.checker->check("never configured");
  REQUIRE(f.upstream.wait_for_requests(1));
  CHECK(f.state("a").health() == Health::degraded);
  f.upstream.open_gate("go");
  CHECK(wait_until([&] { return f.state("a").on_trial(); }));
  CHECK(f.check().size() == 2);  // a round still asks both
  CHECK(f.upstream.counts().requests == 3);
  f.checker->check("a");
  CHECK(f.upstream.wait_for_requests(4));
}

TEST_CASE("stopped while a single check is under way") {
  Fixture f;
  f.configure({"a"}, f.upstream.base_url());
  f.upstream.add({"sk-a", "GET", "", {silent("never")}, true});
  f.checker->check("a");
  REQUIRE(f.upstream.wait_for_requests(1));
  f.stop();
  CHECK(f.upstream.wait_for_aborted(1));
  CHECK(f.state("a").health() == Health::unknown);
  f.checker->check("a");
  CHECK(f.check().empty());
  CHECK(f.upstream.counts().requests == 1);
}

TEST_CASE("a key that the provider echoes is masked") {
  Fixture f;
  f.configure({"secret-of-mine"}, f.upstream.base_url());
  f.answer("secret-of-mine",
           testing::error_reply(401, "", "", "The key sk-secret-of-mine is unknown"));
  CHECK(f.check().at("secret-of-mine").error == "HTTP 401: The key *** is unknown");
  CHECK(f.state("secret-of-mine").last_error().find("sk-secret") == std::string::npos);
}

TEST_CASE("no answer degrades: it may be the network") {
  Fixture f({.timeout = Millis(200)});
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor closed(context);
  closed.open(boost::asio::ip::tcp::v4());
  closed.bind({boost::asio::ip::address_v4::loopback(), 0});
  f.configure({"gone"}, "http://127.0.0.1:" + std::to_string(closed.local_endpoint().port()));
  HealthCheckResult result = f.check().at("gone");
  CHECK(result.health == Health::degraded);
  CHECK(result.status_code == 0);
  CHECK(result.error.starts_with("connect_refused: nobody listens at 127.0.0.1:"));

  f.configure({"silent"}, f.upstream.base_url());
  f.answer("silent", silent("never"));
  result = f.check().at("silent");
  CHECK(result.health == Health::degraded);
  CHECK(result.error == "total_timeout");
  CHECK(f.state("silent").last_error() == "health check: total_timeout");
}

TEST_CASE("without resources a round is over at once") {
  Fixture f;
  CHECK(f.check().empty());  // not even routed yet
  f.configure({}, "");
  CHECK(f.check().empty());
  CHECK(f.check().empty());
}

TEST_CASE("a round asked for while one runs joins the next one") {
  Fixture f;
  f.configure({"a"}, f.upstream.base_url());
  f.upstream.add({"sk-a", "GET", "", {silent("first"), silent("second")}, false});
  std::future<Results> first = f.ask();
  REQUIRE(f.upstream.wait_for_requests(1));
  std::future<Results> second = f.ask();
  std::future<Results> third = f.ask();
  f.upstream.open_gate("first");
  REQUIRE(first.wait_for(kPatience) == std::future_status::ready);
  REQUIRE(f.upstream.wait_for_requests(2));
  CHECK(second.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  f.upstream.open_gate("second");
  REQUIRE(second.wait_for(kPatience) == std::future_status::ready);
  REQUIRE(third.wait_for(kPatience) == std::future_status::ready);
  CHECK(second.get().size() == 1);
  CHECK(third.get().size() == 1);
  CHECK(f.upstream.counts().requests == 2);
}

TEST_CASE("many resources are checked a few at a time") {
  Fixture f;
  std::vector<std::string> ids;
  for (int i = 0; i < 50; ++i) ids.push_back("r" + std::to_string(i));
  f.configure(ids, f.upstream.base_url());
  f.upstream.add({"", "GET", "", {silent("go")}, true});
  std::future<Results> asked = f.ask();
  REQUIRE(f.upstream.wait_for_requests(HealthChecker::kParallel));
  CHECK(f.upstream.counts().requests == HealthChecker::kParallel);
  f.upstream.open_gate("go");
  REQUIRE(asked.wait_for(kPatience) == std::future_status::ready);
  CHECK(asked.get().size() == 50);
  CHECK(f.upstream.counts().requests == 50);
}

TEST_CASE("checks come by themselves: the first at once, the next after the interval") {
  Fixture f({.interval = Millis(20)});
  f.configure({"a"}, f.upstream.base_url());
  f.checker->start();
  CHECK(f.upstream.wait_for_requests(4));
}

TEST_CASE("resources that are added later are in the next round") {
  Fixture f;
  f.configure({"a"}, f.upstream.base_url());
  CHECK(f.check().size() == 1);
  f.configure({"a", "b"}, f.upstream.base_url());
  CHECK(f.check().size() == 2);
}

TEST_CASE("stopped in the middle of a round: everybody gets an answer, then silence") {
  Fixture f({.interval = Millis(20)});
  f.configure({"a", "b"}, f.upstream.base_url());
  f.upstream.add({"", "GET", "", {silent("never")}, true});
  std::future<Results> running = f.ask();
  f.checker->start();
  REQUIRE(f.upstream.wait_for_requests(2));
  std::future<Results> waiting = f.ask();
  f.stop();
  // stop() has returned, so nothing may come any more.
  REQUIRE(running.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
  REQUIRE(waiting.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
  CHECK(running.get().empty());
  CHECK(waiting.get().empty());
  CHECK(f.upstream.wait_for_aborted(2));
  std::future<Results> late = f.ask();
  REQUIRE(late.wait_for(kPatience) == std::future_status::ready);
  CHECK(late.get().empty());
  CHECK(f.upstream.counts().requests == 2);
  f.stop();
}

TEST_CASE("a callback may stop the checker") {
  for (const bool with_resources : {false, true}) {
    Fixture f;
    if (with_resources) f.configure({"a"}, f.upstream.base_url());
    std::promise<std::size_t> told;
    f.checker->check_all([&](const Results& results) {
      f.checker->stop();
      told.set_value(results.size());
    });
    CHECK(told.get_future().get() == (with_resources ? 1 : 0));
  }
}

TEST_CASE("stopped again and again while the timer fires") {
  for (int i = 0; i < 50; ++i) {
    Fixture f({.interval = Millis(1)});
    f.configure({"a"}, f.upstream.base_url());
    f.checker->start();
    REQUIRE(f.upstream.wait_for_requests(2));
    f.on_loop([&f] { f.checker.reset(); });
    f.checker = make_health_checker({}, f.router, f.loops.at(0), *f.client, f.clock, f.dialects);
  }
}

TEST_CASE("a checker may be destroyed after its loops have stopped") {
  Fixture f;
  f.configure({"a"}, f.upstream.base_url());
  f.checker->start();
  REQUIRE(f.upstream.wait_for_requests(1));
  f.loops.stop();
  f.checker.reset();
  f.checker = make_health_checker({}, f.router, f.loops.at(0), *f.client, f.clock, f.dialects);
}

TEST_CASE("a check connects to no private address where they are forbidden") {
  Fixture f;
  UpstreamClientOptions options;
  options.allow_private = false;
  const auto client = make_upstream_client(f.loops.at(0), f.clock, options);
  const auto checker =
      make_health_checker({}, f.router, f.loops.at(0), *client, f.clock, f.dialects);
  f.answer("a", json_reply({}));
  f.configure({"a"}, f.upstream.base_url());
  std::promise<Results> answered;
  checker->check_all([&](const Results& results) { answered.set_value(results); });
  const Results results = answered.get_future().get();
  f.on_loop([&] { checker->stop(); });
  REQUIRE(results.size() == 1);
  CHECK(results[0].health != Health::healthy);
  CHECK(results[0].error.find("PROXY_ALLOW_PRIVATE_UPSTREAMS=false") != std::string::npos);
  f.loops.stop();  // before the client goes
  CHECK(f.upstream.requests().empty());
}

TEST_CASE("a check speaks the wire format of its resource, with the credential where that has it") {
  const auto anthropic = make_anthropic_messages_dialect();
  Fixture f;
  const Dialects both{f.dialect.get(), anthropic.get()};
  f.stop();
  f.checker = make_health_checker({}, f.router, f.loops.at(0), *f.client, f.clock, both);
  f.router.update({{"a", "", "environment", "main", f.upstream.base_url(), "anthropic_messages",
                    Secret("sk-a"), 1.0}});
  f.upstream.add({"", "GET", "", {json_reply(testing::models_list({"m"}))}, true});
  CHECK(f.check().at("a").health == Health::healthy);
  const auto asked = f.upstream.requests().at(0).headers;
  CHECK(asked.get("x-api-key") == "sk-a");
  CHECK(asked.find("anthropic-version"));
  CHECK_FALSE(asked.find("authorization"));
  f.stop();
}

}  // namespace responses_proxy
