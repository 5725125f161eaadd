#include "proxy/exchange.h"

#include <doctest/doctest.h>

#include "core/json_reads.h"
#include "unit/proxy/exchange_rig.h"

namespace responses_proxy {

namespace {

using testing::ExchangeRig;
using testing::FakeResponseWriter;
using testing::FakeUpstream;
using End = FakeResponseWriter::End;

const std::string kStream = R"({"model":"m","stream":true})";
const std::string kDocument = R"({"model":"m"})";

const std::string kCreated =
    "data: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\"}}\n\n";
const std::string kDelta = "data: {\"type\":\"response.output_text.delta\",\"delta\":\"hi\"}\n\n";
const std::string kCompleted =
    "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\",\"usage\":"
    "{\"input_tokens\":1,\"output_tokens\":2,\"total_tokens\":3}}}\n\n";

}  // namespace

TEST_CASE("a document is handed on when it is whole, and not before") {
  ExchangeRig rig({"sk-first-key"});
  const auto client = rig.post(kDocument);
  REQUIRE(rig.upstream.count() == 1);
  FakeUpstream::Sent& sent = rig.upstream.last();
  CHECK(sent.body == kDocument);
  CHECK(sent.request.headers.get("authorization") == "Bearer sk-first-key");
  sent.document();
  sent.bytes(R"({"id":"resp_1","status":"completed",)");
  CHECK_FALSE(client->head);
  sent.bytes(R"("usage":{"total_tokens":3}})");
  sent.end();
  REQUIRE(client->head);
  CHECK(client->head->status == 200);
  CHECK(client->head->headers.get("x-proxy-resource-id") == "openai-1");
  CHECK(client->body == R"({"id":"resp_1","status":"completed","usage":{"total_tokens":3}})");
  CHECK(client->end == End::finished);
  CHECK(rig.ended == 1);
  const RequestRecord record = rig.record();
  CHECK(record.completed);
  CHECK(record.usage.total == 3);
  CHECK(record.response_id == "resp_1");
  CHECK(rig.resource(1)->active() == 0);
}

TEST_CASE("the gate is asked first, and its word for the caller is on record") {
  struct OneUser final : Gate {
    Result<Caller> admit(const Request& request) override {
      if (request.headers.get("x-user") == "alice") return Caller{"alice"};
      return Error::refused(403, "not_allowed", "Not you.");
    }
  } gate;
  ExchangeRig rig({"sk-first-key"});
  rig.use_gate(gate);
  SUBCASE("who is refused gets the gate's error, and nothing is sent") {
    const auto client = rig.post(kDocument);
    REQUIRE(client->head);
    CHECK(client->head->status == 403);
    CHECK(client->body.find("not_allowed") != std::string::npos);
    CHECK(rig.upstream.count() == 0);
    CHECK(rig.record().caller.empty());
  }
  SUBCASE("who is admitted is on record") {
    const auto client = rig.post(kDocument, {{"x-user", "alice"}});
    rig.upstream.last().document();
    rig.upstream.last().bytes("{}");
    rig.upstream.last().end();
    CHECK(rig.record().caller == "alice");
  }
}

TEST_CASE("a document that breaks off moves, and the client never hears of it") {
  ExchangeRig rig({"sk-first-key", "sk-second-key"});
  const auto client = rig.post(kDocument);
  rig.upstream.at(0).document();
  rig.upstream.at(0).bytes(R"({"id":)");
  rig.upstream.at(0).end(UpstreamError::truncated);
  REQUIRE(rig.upstream.count() == 2);
  CHECK_FALSE(client->head);
  rig.upstream.at(1).document();
  rig.upstream.at(1).bytes("{}");
  rig.upstream.at(1).end();
  CHECK(client->body == "{}");
  CHECK(client->head->headers.get("x-proxy-decision") == "failover");
  CHECK(rig.record().attempts.at(0).error == "truncated");
}

TEST_CASE("an alias is sent under the name of each target, and both names are on record") {
  ExchangeRig rig({"sk-first-key", "sk-second-key"});
  rig.router.update(rig.config.resources,
                    {{"fast",
                      {{.resource_ids = {"openai-1"}, .model = "gpt \"mini\""},
                       {.resource_ids = {"openai-2"}}}}});
  const std::string body = R"({"input": "fast", "model" : "fast", "n": 1e400})";
  const auto client = rig.post(body);
  const bool first_is_1 = rig.upstream.at(0).body != body;
  const std::string named = R"({"input": "fast", "model" : "gpt \"mini\"", "n": 1e400})";
  CHECK(rig.upstream.at(0).body == (first_is_1 ? named : body));
  rig.upstream.at(0).document(503);
  rig.upstream.at(0).bytes("{}");
  rig.upstream.at(0).end();
  REQUIRE(rig.upstream.count() == 2);
  CHECK(rig.upstream.at(1).body == (first_is_1 ? body : named));
  rig.upstream.at(1).document();
  rig.upstream.at(1).bytes(R"({"model":"whatever"})");
  rig.upstream.at(1).end();
  CHECK(client->body == R"({"model":"fast"})");
  const RequestRecord record = rig.record();
  CHECK(record.model_alias == "fast");
  CHECK(record.model == (first_is_1 ? "fast" : "gpt \"mini\""));
}

TEST_CASE("a model that a target refuses is remembered by the target's name for it") {
  ExchangeRig rig({"sk-first-key"});
  rig.router.update(rig.config.resources, {{"fast", {{.model = "gpt-mini"}}}});
  rig.post(R"({"model":"fast"})");
  rig.upstream.last().document(404);
  rig.upstream.last().bytes(R"({"error":{"code":"model_not_found","message":"no gpt-mini"}})");
  rig.upstream.last().end();
  CHECK(rig.resource(1)->refuses_model("gpt-mini", rig.clock.steady()));
  CHECK_FALSE(rig.resource(1)->refuses_model("fast", rig.clock.steady()));
}

TEST_CASE("a body without a head is no answer") {
  ExchangeRig rig({"sk-first-key"});
  const auto client = rig.post(kDocument);
  CHECK_FALSE(rig.upstream.last().bytes("hello"));
  CHECK(client->head->status == 502);
  CHECK(client->body.find("upstream_protocol") != std::string::npos);
  CHECK(rig.upstream.last().cancelled());
  CHECK(rig.record().error == "upstream_protocol");
}

TEST_CASE("the end waits until other replicas can find the response") {
  ExchangeRig rig({"sk-first-key"});
  rig.state.late = true;
  const auto client = rig.post(kStream);
  FakeUpstream::Sent& sent = rig.upstream.last();
  sent.stream();
  CHECK(sent.bytes(kCreated + kDelta));
  CHECK(client->body == kCreated + kDelta);
  CHECK_FALSE(sent.bytes(kCompleted));  // and the upstream waits, too
  CHECK(client->body == kCreated + kDelta);
  CHECK(client->end == End::none);
  REQUIRE(rig.state.waiting() == 1);
  rig.state.confirm_all();
  CHECK(client->body == kCreated + kDelta + kCompleted);
  CHECK(sent.resumed == 1);
  sent.end();
  CHECK(client->end == End::finished);
  CHECK(rig.record().completed);
}

TEST_CASE("a client that leaves while the end waits has not had it") {
  ExchangeRig rig({"sk-first-key"});
  rig.state.late = true;
  const auto client = rig.post(kStream);
  rig.upstream.last().stream();
  rig.upstream.last().bytes(kCreated + kDelta + kCompleted);
  CHECK(client->body == kCreated + kDelta);
  client->leave();
  const RequestRecord record = rig.record();
  CHECK(record.status_code == 499);
  CHECK(record.attempts.at(0).error.empty());  // the upstream had done all of its work
  CHECK(rig.resource(1)->health() == Health::healthy);
}

TEST_CASE("a shutdown ends the wait for other replicas: the end is there") {
  ExchangeRig rig({"sk-first-key"});
  rig.state.late = true;
  const auto client = rig.post(kStream);
  rig.upstream.last().stream();
  rig.upstream.last().bytes(kCreated + kDelta);
  rig.upstream.last().bytes(kCompleted);
  rig.exchange->shut_down();
  CHECK(client->body == kCreated + kDelta + kCompleted);
  CHECK(client->end == End::finished);
  CHECK(rig.record().completed);
  CHECK(rig.record().error.empty());
}

TEST_CASE("a shutdown ends an answer once, whether or not its client has taken it") {
  ExchangeRig rig({"sk-first-key"});
  const auto client = rig.post(kStream);
  client->full = true;
  rig.upstream.last().stream();
  rig.upstream.last().bytes(kCreated + kDelta + kCompleted);
  rig.exchange->shut_down();
  CHECK(client->body == kCreated + kDelta + kCompleted);
  CHECK(client->end == End::finished);
  CHECK(rig.record().completed);
}

TEST_CASE("a client that takes the next piece after all has not been waited for") {
  ExchangeRig rig({"sk-first-key", "sk-second-key"});
  const auto client = rig.post(kStream);
  client->full = true;
  FakeUpstream::Sent& sent = rig.upstream.last();
  sent.stream();
  CHECK(sent.bytes(kCreated));  // held
  CHECK(sent.bytes(kDelta));    // let go, and too much for the client ...
  client->full = false;         // ... which takes some of it ...
  CHECK(sent.bytes(kDelta));    // ... before more comes
  CHECK(sent.bytes(kCompleted));
  sent.end();
  CHECK(client->end == End::finished);
}

TEST_CASE("an exchange looks at each event once, and parses the last one only") {
  ExchangeRig rig({"sk-first-key"});
  rig.post(kStream);
  rig.upstream.last().stream();
  const JsonReads before = json_reads();
  rig.upstream.last().bytes(kCreated + kDelta + kCompleted);
  rig.upstream.last().end();
  CHECK(rig.record().completed);
  CHECK(json_reads().skimmed - before.skimmed == 4);  // the events, and the usage in the last one
  CHECK(json_reads().parsed - before.parsed <= 1);    // the last one
}

TEST_CASE("a client that takes nothing pauses the upstream") {
  ExchangeRig rig({"sk-first-key"});
  const auto client = rig.post(kStream);
  FakeUpstream::Sent& sent = rig.upstream.last();
  sent.stream();
  CHECK(sent.bytes(kCreated));
  client->full = true;
  CHECK_FALSE(sent.bytes(kDelta));
  CHECK(sent.resumed == 0);
  client->take_all();
  CHECK(sent.resumed == 1);
  CHECK(sent.bytes(kCompleted));
  sent.end();
  CHECK(client->body == kCreated + kDelta + kCompleted);
}

TEST_CASE("a client that leaves frees its upstream and its slot at once") {
  ExchangeRig rig({"sk-first-key"});
  const auto client = rig.post(kStream);
  rig.upstream.last().stream();
  rig.upstream.last().bytes(kCreated + kDelta);
  CHECK(rig.resource(1)->active() == 1);
  client->leave();
  CHECK(rig.upstream.last().cancelled());
  CHECK(rig.resource(1)->active() == 0);
  CHECK(rig.ended == 1);
  const RequestRecord record = rig.record();
  CHECK(record.status_code == 499);
  CHECK(record.blame == Blame::client);
  CHECK(record.attempts.at(0).error == "client_closed");
  CHECK(rig.resource(1)->health() == Health::unknown);
}

TEST_CASE("behind the terminal event a client may leave") {
  ExchangeRig rig({"sk-first-key"});
  const auto client = rig.post(kStream);
  rig.upstream.last().stream();
  rig.upstream.last().bytes(kCreated + kDelta + kCompleted);
  CHECK(rig.ended == 0);
  client->leave();
  const RequestRecord record = rig.record();
  CHECK(record.status_code == 200);
  CHECK(record.completed);
  CHECK(record.blame == Blame::none);
  CHECK(record.usage.total == 3);
  CHECK(rig.resource(1)->health() == Health::healthy);
}

TEST_CASE("not so if it has not taken what was written") {
  ExchangeRig rig({"sk-first-key"});
  const auto client = rig.post(kStream);
  client->full = true;
  rig.upstream.last().stream();
  rig.upstream.last().bytes(kCreated + kDelta + kCompleted);
  client->leave();
  CHECK(rig.record().status_code == 499);
  CHECK_FALSE(rig.record().completed);
}

TEST_CASE("an upstream that lingers behind the terminal event is cut") {
  ExchangeRig rig({"sk-first-key"});
  const auto client = rig.post(kStream);
  rig.upstream.last().stream();
  rig.upstream.last().bytes(kCreated + kCompleted);
  rig.upstream.last().bytes("data: [DONE]\n\n");  // what follows in time still passes
  CHECK(client->end == End::none);
  rig.run_until_ended();
  CHECK(rig.ended == 1);
  CHECK(client->body == kCreated + kCompleted + "data: [DONE]\n\n");
  CHECK(client->end == End::finished);
  CHECK(rig.upstream.last().cancelled());
  CHECK(rig.record().completed);
}

TEST_CASE("a shutdown ends a stream with response.failed, and a whole one as it is") {
  for (const bool whole : {false, true}) {
    CAPTURE(whole);
    ExchangeRig rig({"sk-first-key"});
    const auto client = rig.post(kStream);
    rig.upstream.last().stream();
    rig.upstream.last().bytes(kCreated + kDelta + (whole ? kCompleted : ""));
    rig.exchange->shut_down();
    CHECK(rig.ended == 1);
    CHECK(client->end == End::finished);
    CHECK((client->body.find("response.failed") == std::string::npos) == whole);
    CHECK(rig.record().completed == whole);
    CHECK(rig.record().error == (whole ? "" : "shutting_down"));
    CHECK(rig.record().blame == (whole ? Blame::none : Blame::proxy));
  }
}

TEST_CASE("a held stream that fails at its head moves unseen; one that is let go does not") {
  for (const bool let_go : {false, true}) {
    CAPTURE(let_go);
    ExchangeRig rig({"sk-first-key", "sk-second-key"});
    if (let_go) rig.config.stream_holdback = Millis(0);
    const auto client = rig.post(kStream);
    rig.upstream.at(0).stream();
    rig.upstream.at(0).bytes(kCreated);
    CHECK(client->head.has_value() == let_go);
    rig.upstream.at(0).bytes("data: {\"type\":\"error\",\"code\":\"server_is_overloaded\"}\n\n");
    CHECK(rig.upstream.count() == (let_go ? 1 : 2));
  }
}

TEST_CASE("the key that an upstream echoes, and the client's token, are kept nowhere") {
  const std::string key = "sk-first-key-of-all";
  const std::string token = "token-of-the-client";
  ExchangeRig rig({key});
  const auto client =
      rig.post(R"({"model":"m","stream":true,"previous_response_id":"resp_)" + token + "\"}",
               {{"authorization", "Bearer " + token}, {"session_id", "s-" + token}});
  FakeUpstream::Sent& sent = rig.upstream.last();
  sent.head(200, {{"content-type", "text/event-stream"}, {"x-request-id", "req_" + key}});
  sent.bytes("data: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_" + key +
             "\"}}\n\n");
  sent.bytes("data: {\"type\":\"response.failed\",\"response\":{\"id\":\"resp_" + key +
             "\",\"error\":{\"code\":\"bad " + key + "\",\"message\":\"Bearer " + key +
             "\"}}}\n\n");
  sent.end();
  CHECK(client->body.find("resp_" + key) != std::string::npos);  // the answer itself is untouched
  const RequestRecord record = rig.record();
  CHECK(record.response_id == "resp_***");
  CHECK(record.previous_response_id == "resp_***");
  CHECK(record.session_id == "s-***");
  CHECK(record.error == "bad ***");
  CHECK(record.attempts.at(0).error == "bad ***");
  CHECK(record.attempts.at(0).upstream_request_id == "req_***");
  REQUIRE(rig.decisions.size() == 1);
  CHECK(rig.decisions[0].session_id == "s-***");
  CHECK(rig.resource(1)->last_error().find(key) == std::string::npos);
  // The answer can be continued all the same.
  std::optional<std::string> known;
  rig.state.find_affinity({AffinityKind::response, "resp_***"}, [&](auto found) { known = found; });
  CHECK(known == "openai-1");
  rig.post(R"({"model":"m","previous_response_id":"resp_)" + key + "\"}");
  CHECK(rig.decisions.at(1).reason == SelectionReason::response_affinity);
}

TEST_CASE(
    "what one target cannot be told goes to another, and what the first one objected is told "
    "last") {
  // Chat Completions have no word for it.
  const std::string body =
      R"({"model":"alias","input":[{"role":"user","content":[{"type":"input_file","file_id":"f"}]}]})";
  for (const bool other_can : {true, false}) {
    CAPTURE(other_can);
    ExchangeRig rig({"sk-a", "sk-b", "sk-c"});
    for (Resource& resource : rig.config.resources) resource.wire_api = "chat_completions";
    if (other_can) rig.config.resources[2].wire_api = "responses";
    rig.router.update(rig.config.resources, {{"alias", {{.model = "theirs"}}}});
    const auto client = rig.post(body);
    if (other_can) {
      REQUIRE(rig.upstream.count() == 1);
      rig.upstream.last().document();
      rig.upstream.last().bytes(R"({"id":"resp_1"})");
      rig.upstream.last().end();
      CHECK(client->head->status == 200);
      const RequestRecord record = rig.record();
      REQUIRE(record.attempts.size() == 1);
      CHECK(record.attempts[0].resource_id == "openai-3");
    } else {
      CHECK(rig.upstream.count() == 0);
      CHECK(client->head->status == 400);
      CHECK(rig.record().error == "unsupported_content");
      CHECK(rig.record().blame == Blame::client);
    }
    for (int number = 1; number <= 3; ++number) CHECK(rig.resource(number)->active() == 0);
  }
}

TEST_CASE("a search of Codex goes to who speaks the Responses API, and to the key of its session") {
  for (const bool one_can : {true, false}) {
    CAPTURE(one_can);
    ExchangeRig rig({"sk-a", "sk-b", "sk-c"});
    for (Resource& resource : rig.config.resources) resource.wire_api = "chat_completions";
    if (one_can) rig.config.resources[2].wire_api = "responses";
    rig.router.update(rig.config.resources);
    Request search;
    search.method = "POST";
    search.path = "/v1/alpha/search";
    search.headers = {{"content-type", "application/json"}};
    search.body = R"({"id":"session-7","model":"m","commands":{"search_query":[{"q":"weather"}]}})";
    const std::string body = search.body;
    const auto client = rig.send(std::move(search));
    if (one_can) {
      REQUIRE(rig.upstream.count() == 1);
      CHECK(rig.upstream.last().request.url.ends_with("/alpha/search"));
      CHECK(rig.upstream.last().body == body);
      rig.upstream.last().document();
      rig.upstream.last().bytes(R"({"results":[]})");
      rig.upstream.last().end();
      CHECK(client->body == R"({"results":[]})");
      const RequestRecord record = rig.record();
      CHECK(record.session_id == "session-7");
      REQUIRE(record.attempts.size() == 1);
      CHECK(record.attempts[0].resource_id == "openai-3");
    } else {
      CHECK(rig.upstream.count() == 0);
      CHECK(client->head->status == 404);
      CHECK(rig.record().error == "unknown_path");
    }
  }
}

}  // namespace responses_proxy
