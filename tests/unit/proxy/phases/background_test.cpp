#include "proxy/phases/background.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

#include "core/json.h"
#include "fakes/manual_timers.h"
#include "unit/proxy/exchange_rig.h"

namespace responses_proxy {

namespace {

using testing::ExchangeRig;
using testing::FakeResponseWriter;
using testing::ManualTimers;

// Of a provider that speaks Chat Completions.
const std::string kChatAnswer =
    R"({"id":"chatcmpl-0","choices":[{"index":0,"message":{"role":"assistant","content":"Done"},)"
    R"("finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":3,)"
    R"("total_tokens":13}})";

struct BackgroundRig {
  BackgroundRig() : rig({"sk-first-key"}, timers) {
    rig.config.resources[0].wire_api = "chat_completions";
    rig.router.update(rig.config.resources);
  }

  std::shared_ptr<FakeResponseWriter> create(const Json& more = {}) {
    Json body{{"model", "m"}, {"input", "hi"}, {"background", true}};
    if (more.is_object()) body.update(more);
    return rig.post(dump(body));
  }
  std::shared_ptr<FakeResponseWriter> ask(std::string method, const std::string& path,
                                          std::string query = {}) {
    Request request;
    request.method = std::move(method);
    request.path = "/v1/responses/" + path;
    request.query = std::move(query);
    return rig.send(std::move(request));
  }
  Json get(const std::string& id) { return Json::parse(ask("GET", id)->body); }
  void answer(const std::string& body, int status = 200) {
    rig.upstream.last().document(status);
    rig.upstream.last().bytes(body);
    rig.upstream.last().end();
  }

  ManualTimers timers;
  ExchangeRig rig;
};

std::string id_of(const FakeResponseWriter& client) {
  return Json::parse(client.body)["id"];
}

}  // namespace

TEST_CASE("a background response is queued, made without its client, and read back") {
  BackgroundRig background;
  ExchangeRig& rig = background.rig;
  const auto client = background.create();
  CHECK(client->head->status == 200);
  CHECK(client->end == FakeResponseWriter::End::finished);
  const Json queued = Json::parse(client->body);
  CHECK(queued["status"] == "queued");
  CHECK(queued["background"] == true);
  CHECK(queued["output"].empty());
  const std::string id = queued["id"];
  CHECK(background.get(id)["status"] == "in_progress");
  CHECK_FALSE(rig.upstream.at(0).cancelled());
  background.answer(kChatAnswer);
  const Json made = background.get(id);
  CHECK(made["id"] == id);
  CHECK(made["status"] == "completed");
  CHECK(made["usage"]["total_tokens"] == 13);
  CHECK(made["output"][0]["content"][0]["text"] == "Done");
  CHECK(rig.upstream.count() == 1);
  // Its tokens are those of the one that has made it.
  const auto records = rig.sink.wait_for(3);
  CHECK(records.at(0).method == "GET");
  CHECK(records.at(1).method == "POST");
  CHECK(records.at(1).usage.total == 13);
  CHECK(records.at(1).background);
  CHECK(records.at(1).response_id == id);
  CHECK(records.at(1).status_code == 200);
  CHECK(records.at(1).completed);
  CHECK(records.at(2).usage.empty());
}

TEST_CASE("so many are made at once, and one more is told so") {
  BackgroundRig background;
  background.create();
  background.create();
  const auto refused = background.create();
  CHECK(refused->head->status == 429);
  CHECK(refused->head->headers.get("retry-after") == "5");
  const Json error = Json::parse(refused->body)["error"];
  CHECK(error["code"] == "background_limit_reached");
  CHECK(error["message"].get<std::string>().starts_with("2 responses are made in the background"));
  CHECK(background.rig.upstream.count() == 2);
  background.answer(kChatAnswer);
  CHECK(background.create()->head->status == 200);
}

TEST_CASE("what is not stored cannot be read back") {
  BackgroundRig background;
  const auto refused = background.create({{"store", false}});
  CHECK(refused->head->status == 400);
  CHECK(Json::parse(refused->body)["error"]["param"] == "store");
  CHECK(background.rig.upstream.count() == 0);
}

TEST_CASE("a request that cannot be sent is refused at once") {
  BackgroundRig background;
  const auto refused = background.create({{"previous_response_id", "resp_unknown"}});
  CHECK(refused->head->status == 400);
  CHECK(background.create({{"prompt", {{"id", "p"}}}})->head->status == 400);
  CHECK(background.create()->head->status == 200);
}

TEST_CASE("a background response fails in the provider's words, or without a connection") {
  BackgroundRig background;
  const std::string id = id_of(*background.create());
  SUBCASE("in its words") {
    background.answer(R"({"error":{"message":"The model is on fire","code":"on_fire"}})", 500);
    const Json failed = background.get(id);
    CHECK(failed["status"] == "failed");
    CHECK(failed["error"]["code"] == "on_fire");
    CHECK(failed["error"]["message"] == "The model is on fire");
    CHECK(background.rig.sink.wait_for(1).at(0).status_code == 500);
  }
  SUBCASE("without a connection") {
    background.rig.upstream.last().end(UpstreamError::connect_refused);
    const Json failed = background.get(id);
    CHECK(failed["status"] == "failed");
    CHECK(failed["error"]["code"] == "upstream_connect_refused");
  }
  SUBCASE("in the middle") {
    background.rig.upstream.last().document();
    background.rig.upstream.last().bytes(R"({"choices":[)");
    background.rig.upstream.last().end(UpstreamError::truncated);
    CHECK(background.get(id)["status"] == "failed");
  }
  CHECK(background.rig.sink.wait_for(1).at(0).response_id == id);
}

TEST_CASE("cancelled here: the upstream is left at once, and it stays cancelled") {
  BackgroundRig background;
  const std::string id = id_of(*background.create());
  const auto cancel = background.ask("POST", id + "/cancel");
  CHECK(cancel->head->status == 200);
  CHECK(Json::parse(cancel->body)["status"] == "cancelled");
  background.rig.poll();
  CHECK(background.rig.upstream.at(0).cancelled());
  CHECK(background.get(id)["status"] == "cancelled");
  CHECK(Json::parse(background.ask("POST", id + "/cancel")->body)["status"] == "cancelled");
  const auto records = background.rig.sink.wait_for(2);
  CHECK(records.at(1).error == "cancelled");
  CHECK(records.at(1).blame == Blame::client);
  CHECK_FALSE(records.at(1).completed);
  CHECK(background.create()->head->status == 200);
}

TEST_CASE("cancelled or deleted elsewhere: its maker hears of it") {
  for (const bool deleted : {false, true}) {
    BackgroundRig background;
    const std::string id = id_of(*background.create());
    KeptResponses& kept = *background.rig.kept_responses;
    background.timers.advance(BackgroundRun::kBeat);
    CHECK_FALSE(background.rig.upstream.at(0).cancelled());
    KeptResponse cancelled;
    cancelled.id = id;
    deleted ? kept.forget({id, ""}, {}) : kept.update("", cancelled, {});
    background.timers.advance(BackgroundRun::kBeat);
    CHECK(background.rig.upstream.at(0).cancelled());
    CHECK(background.rig.sink.wait_for(1).at(0).error == "cancelled");
  }
}

TEST_CASE("only what is made in the background can be cancelled") {
  BackgroundRig background;
  const auto client = background.create({{"background", false}});
  background.answer(kChatAnswer);
  const auto refused = background.ask("POST", id_of(*client) + "/cancel");
  CHECK(refused->head->status == 400);
  CHECK(Json::parse(refused->body)["error"]["message"] == "Cannot cancel a synchronous response.");
  CHECK(background.ask("POST", "resp_0123456789abcdef0123456789abcdef/cancel")->head->status ==
        404);
}

TEST_CASE("one that is still made when the process ends has failed") {
  BackgroundRig background;
  const std::string id = id_of(*background.create());
  background.rig.exchange->shut_down();
  CHECK(background.rig.ended == 1);
  const Json failed = background.get(id);
  CHECK(failed["status"] == "failed");
  CHECK(failed["error"]["message"] == "The proxy was shut down before the response was complete.");
}

TEST_CASE("one whose maker has gone without a word has failed") {
  BackgroundRig background;
  KeptResponse open;
  open.id = "resp_0123456789abcdef0123456789abcdef";
  open.document = R"({"id":"x","status":"in_progress","error":null,"incomplete_details":null})";
  open.open = true;
  background.rig.kept_responses->keep("", open, {});
  background.rig.clock.advance(BackgroundRun::kGone);
  CHECK(background.get(open.id)["status"] == "in_progress");
  background.rig.clock.advance(Millis(1));
  CHECK(background.get(open.id)["status"] == "failed");
  CHECK(background.get(open.id)["error"]["message"] ==
        "The proxy that made the response has gone.");
}

TEST_CASE("a stream goes on when its client leaves, and can be had again from any event") {
  BackgroundRig background;
  ExchangeRig& rig = background.rig;
  const auto client = background.create({{"stream", true}});
  CHECK_FALSE(client->head);
  rig.upstream.last().stream();
  const auto says = [&](const std::string& text) {
    const Json choice{{"index", 0}, {"delta", {{"content", text}}}};
    return rig.upstream.last().bytes("data: " + dump({{"choices", {choice}}}) + "\n\n");
  };
  CHECK(says("Hel"));
  REQUIRE(client->head);
  const std::string seen = client->body;
  CHECK(seen.find("response.output_text.delta") != std::string::npos);
  client->leave();
  CHECK_FALSE(rig.upstream.last().cancelled());
  CHECK(says("lo"));
  rig.upstream.last().bytes(
      "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
      "data: [DONE]\n\n");
  rig.upstream.last().end();
  const RequestRecord record = rig.record();
  CHECK(record.completed);
  CHECK(record.error.empty());
  CHECK(background.get(record.response_id)["output"][0]["content"][0]["text"] == "Hello");
  const auto rest = background.ask("GET", record.response_id, "stream=true&starting_after=4");
  CHECK(rest->head->headers.get("content-type") == "text/event-stream");
  CHECK(seen.find(R"("sequence_number":4,)") != std::string::npos);
  CHECK(rest->body.find(R"("sequence_number":4,)") == std::string::npos);
  CHECK(rest->body.find(R"("sequence_number":5,"item_id":)") != std::string::npos);
  CHECK(rest->body.find(R"("delta":"lo")") != std::string::npos);
  CHECK(rest->body.find("event: response.completed") != std::string::npos);
  CHECK(rest->end == FakeResponseWriter::End::finished);
}

TEST_CASE("a stream of one that is still made waits for its end") {
  BackgroundRig background;
  const std::string id = id_of(*background.create());
  const auto reader = background.ask("GET", id, "stream=true");
  REQUIRE(reader->head);
  background.timers.advance(Millis(2'000));
  CHECK(reader->end == FakeResponseWriter::End::none);
  CHECK(reader->body.empty());
  background.answer(kChatAnswer);
  background.timers.advance(Millis(500));
  CHECK(reader->end == FakeResponseWriter::End::finished);
  CHECK(reader->body.find("event: response.completed") != std::string::npos);
}

TEST_CASE("upstreams that make responses in the background themselves do so") {
  ManualTimers timers;
  ExchangeRig rig({"sk-first-key"}, timers);
  const auto client = rig.post(R"({"model":"m","background":true})");
  CHECK_FALSE(client->head);
  CHECK(rig.upstream.last().body == R"({"model":"m","background":true})");
}

}  // namespace responses_proxy
