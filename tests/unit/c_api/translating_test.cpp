#include "unit/c_api/c_host.h"

namespace responses_proxy::testing {

namespace {

std::string setup_of(std::string_view wire_api) {
  return R"({"resources":[{"id":"one","base_url":"http://a/v1","api_key":"sk-one-secret-1111",)"
         R"("wire_api":")" +
         std::string(wire_api) +
         R"("}],"aliases":[{"name":"small","targets":[{"model":"real-model"}]}]})";
}

constexpr std::string_view kBody = R"({"model":"small","input":"hello","stream":true})";
constexpr std::string_view kStream = R"([["content-type","text/event-stream"]])";

}  // namespace

TEST_CASE("a request to an upstream of the Responses API") {
  CHost host(setup_of("responses"));
  CHECK(host.pick(R"({"model":"small"})").json()["model"] == "real-model");
  const Said call = host.translate(
      kBody, R"({"path":"/responses","query":"a=b","headers":[["cookie","stays"],["x-a","b"]]})");
  REQUIRE(call.result == RP_OK);
  const Json told = call.json();
  CHECK(told["method"] == "POST");
  CHECK(told["url"] == "http://a/v1/responses?a=b");
  CHECK(Json::parse(told["body"].get<std::string>())["model"] == "real-model");
  const std::string headers = told["headers"].dump();
  CHECK(headers.find("Bearer sk-one-secret-1111") != std::string::npos);
  CHECK(headers.find("x-a") != std::string::npos);
  CHECK(headers.find("stays") == std::string::npos);

  CHECK(host.read("too early").text == "rp_answer_head() comes first");
  CHECK(host.head(200, kStream).json()["event_stream"] == true);
  CHECK(host.head(200, kStream).text == "the answer has its head already");
  CHECK(host.read("data: {\"type\":\"response.created\",").text.empty());
  CHECK(host.read("\"response\":{\"id\":\"resp_1\"}}\n\n").text ==
        "data: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\"}}\n\n");
  CHECK(host.facts().json()["state"] == "open");
  host.read(
      "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\",\"usage\":"
      "{\"input_tokens\":3,\"output_tokens\":1,\"total_tokens\":4}}}\n\n");
  CHECK(host.end().result == RP_OK);
  const Json facts = host.facts().json();
  CHECK(facts["response_id"] == "resp_1");
  CHECK(facts["state"] == "completed");
  CHECK(facts["usage"]["total_tokens"] == 4);
  CHECK(facts["fault"] == nullptr);
  CHECK(host.read("late").text == "the answer has ended");
  CHECK(say(rp_finish_translated, host.lease, host.translation, std::int64_t{7}).json()["health"] ==
        "healthy");
}

TEST_CASE("a body that needs no change is the client's own") {
  CHost host(setup_of("responses"));
  host.pick();
  CHECK(host.translate(R"({"model":"m","input":"hello"})").json()["body"] == nullptr);
}

TEST_CASE("an upstream of another wire format, in its words and back") {
  CHost host(setup_of("chat_completions"));
  host.pick(R"({"model":"small"})");
  const Json call = host.translate(kBody).json();
  CHECK(call["url"] == "http://a/v1/chat/completions");
  CHECK(Json::parse(call["body"].get<std::string>())["messages"][0]["content"] == "hello");
  host.head(200, kStream);
  const Said read = host.read(
      "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n");
  CHECK(read.text.find("event: response.output_text.delta\n") != std::string::npos);
  CHECK(read.text.find("small") != std::string::npos);  // as the client calls it
  CHECK(say(rp_answer_failed, host.translation, "it broke off").text.find("response.failed") !=
        std::string::npos);
}

TEST_CASE("what a client continues has to come along where the upstream keeps nothing") {
  CHost host(setup_of("chat_completions"));
  host.pick();
  constexpr std::string_view kContinued =
      R"({"model":"m","input":"and?","previous_response_id":"resp_1"})";
  const Said refused = host.translate(kContinued);
  CHECK(refused.result == RP_REJECT);
  CHECK(host.translation == nullptr);
  CHECK(refused.json()["status"] == 400);
  CHECK(refused.text.find("previous_response_not_found") != std::string::npos);
  const Said known = host.translate(
      kContinued, R"({"history":[{"type":"message","role":"user","content":"hello"}]})");
  REQUIRE(known.result == RP_OK);
  const Json messages = Json::parse(known.json()["body"].get<std::string>())["messages"];
  CHECK(messages.size() == 2);
  CHECK(host.translate(kContinued, R"({"history":{}})").text == "history must be a list of items");
}

TEST_CASE("an error of the upstream counts against the key, its words without the key") {
  CHost host(setup_of("responses"));
  host.pick();
  host.translate(kBody);
  host.head(401, R"([["content-type","application/json"]])");
  host.read(R"({"error":{"message":"Incorrect API key sk-one-secret-1111","code":"bad"}})");
  host.end();
  CHECK(host.facts().json()["fault"]["code"] == "bad");
  const Json health =
      say(rp_finish_translated, host.lease, host.translation, std::int64_t{7}).json();
  CHECK(health["health"] == "unhealthy");
  CHECK(health["reason"].get<std::string>().find("***") != std::string::npos);
  CHECK(health["reason"].get<std::string>().find("sk-one") == std::string::npos);
}

TEST_CASE("what cannot be translated is said") {
  CHost custom(setup_of("custom"));
  CHECK(custom.pick().result == RP_OK);
  CHECK(custom.translate(kBody).text == "the wire_api of the resource is the host's to speak");
  CHost host(setup_of("responses"));
  host.pick();
  CHECK(host.translate("no JSON").result == RP_REJECT);
  CHECK(host.translate(kBody, R"({"path":"/elsewhere"})").result == RP_REJECT);
  CHECK(host.translate(kBody, R"({"method":7})").text == "method must be a text");
  host.translate(kBody);
  CHECK(say(rp_finish_translated, host.lease, host.translation, std::int64_t{7}).result ==
        RP_INVALID);
  CHECK(host.head(1000, "").result == RP_INVALID);
}

}  // namespace responses_proxy::testing
