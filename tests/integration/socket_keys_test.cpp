// Turns over WebSocket upstreams that one key does not serve: another one does, and what was learnt
// holds for the turns of other sockets.
#include <doctest/doctest.h>

#include <optional>

#include "fakes/responses_bodies.h"
#include "fakes/scripted_socket_upstream.h"
#include "fakes/wait_until.h"
#include "integration/session_client.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

struct Unserved {
  const char* what;
  Reply refusal;  // sk-a's, to the first turn
  Json more = Json::object();
  std::size_t max_attempts = 2;
  std::optional<Reply> check = {};  // keys are checked: what the check of sk-a is told
  Health health = Health::unknown;  // openai-1's, afterwards
  Blame blame = Blame::resource;    // for the first attempt
  const char* then = "weighted_least_connections";  // why the next turn goes to openai-2
};

Reply refusal_of(int status, const char* code, const char* message) {
  return error_reply(status, "invalid_request_error", code, message);
}

// The tries at resources that do not know an id are not among PROXY_MAX_ATTEMPTS.
std::vector<Unserved> unknown_ids() {
  const Json reference = {{{"type", "item_reference"}, {"id", "msg_old"}}};
  return {{.what = "a response that nobody remembers",
           .refusal = refusal_of(400, "previous_response_not_found", "No response 'resp_old'."),
           .more = {{"previous_response_id", "resp_old"}, {"store", true}},
           .max_attempts = 1,
           .blame = Blame::client,
           .then = "response_affinity"},
          {.what = "an item that nobody remembers",
           .refusal = refusal_of(404, "", "Item with id 'msg_old' not found."),
           .more = {{"input", reference}},
           .max_attempts = 1,
           .blame = Blame::client,
           .then = "response_affinity"}};
}

std::vector<Unserved> refused_models() {
  return {{.what = "a model that is not there",
           .refusal = refusal_of(404, "model_not_found", "No such model"),
           .blame = Blame::client},
          {.what = "a model that the key may not use",
           .refusal = refusal_of(403, "", "Project `p` does not have access to model `m-9`"),
           .more = {{"model", "m-9"}}},
          {.what = "a model that is not there, inside the answer",
           .refusal = sse_failed("resp_1", "model_not_found", "No such model"),
           .blame = Blame::client}};
}

std::vector<Unserved> bad_keys() {
  const Reply bad = refusal_of(401, "invalid_api_key", "Incorrect API key provided");
  const Reply forbidden = refusal_of(403, "", "Not you");
  const Reply models = json_reply(models_list({"m"}));
  return {{.what = "no money left",
           .refusal = refusal_of(429, "insufficient_quota", "You exceeded your quota"),
           .health = Health::unhealthy},
          {.what = "no money left, inside the answer",
           .refusal = sse_failed("resp_1", "insufficient_quota", "You exceeded your quota"),
           .health = Health::unhealthy},
          {.what = "401, and the check says so, too",
           .refusal = bad,
           .check = bad,
           .health = Health::unhealthy},
          {.what = "401, and the check says that the key is good",
           .refusal = bad,
           .check = models,
           .health = Health::degraded},
          {.what = "403, and the check says that the key is good",
           .refusal = forbidden,
           .check = models,
           .health = Health::degraded}};
}

std::vector<Unserved> unserved() {
  std::vector<Unserved> all = unknown_ids();
  for (auto& more : {refused_models(), bad_keys()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

TEST_CASE("a turn that one key does not serve goes to the next one, and so does the one after it") {
  for (const Unserved& row : unserved()) {
    const std::string what = row.what;
    CAPTURE(what);
    ScriptedSocketUpstream upstream;
    upstream.on_key("sk-a", {row.refusal});
    if (row.check) upstream.http().add({"sk-a", "GET", "/v1/models", {*row.check}, false});
    Config config;
    config.resources = resources_at(upstream.base_url(), {"sk-a", "sk-b"});
    config.max_attempts = row.max_attempts;
    TestProxy proxy(config, 1, nullptr, {}, row.check.has_value());
    const auto busy = proxy.keep_busy({"openai-2"});  // or it would be the first choice
    const auto turn_of_a_new_client = [&] {
      SessionClient client(proxy);
      const auto events = client.ask(create("hi", row.more));
      CHECK(type_of(events.back()) == "response.completed");
      CHECK(text_of(events).starts_with("Hello from connection "));
      return proxy.wait_until_idle();
    };
    REQUIRE(turn_of_a_new_client());
    if (row.check) REQUIRE(upstream.http().wait_for_requests(1));
    const ResourceState* state = proxy.resource("openai-1");
    CHECK(wait_until([&] { return state->health() == row.health; }));
    // Until the check has decided it is as bad, but not on trial.
    if (row.health == Health::degraded) CHECK(wait_until([&] { return state->on_trial(); }));
    REQUIRE(turn_of_a_new_client());

    const auto records = proxy.records().wait_for(2);
    REQUIRE(records.size() == 2);
    REQUIRE(records[0].attempts.size() == 2);
    CHECK(records[0].attempts[0].resource_id == "openai-1");
    CHECK(records[0].attempts[0].blame == row.blame);
    CHECK(records[0].attempts[1].resource_id == "openai-2");
    CHECK(records[0].attempts[1].reason == SelectionReason::failover);
    REQUIRE(records[1].attempts.size() == 1);
    CHECK(records[1].attempts[0].resource_id == "openai-2");
    CHECK(records[1].attempts[0].reason.text() == row.then);
    CHECK(upstream.http().counts().requests == (row.check ? 1U : 0U));  // the check alone
  }
}
