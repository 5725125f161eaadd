#include "server/deploy/morph_api.h"

#include <doctest/doctest.h>

#include "server/deploy/deploy_error.h"

namespace responses_proxy {

namespace {

HttpAnswer answer_of(int status, std::string body = "{}") {
  HttpAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

// Gives the answers one after the other, the last one for ever.
struct ScriptedMorph {
  std::vector<HttpAnswer> answers;
  std::vector<HttpCall> calls = {};
  std::vector<Millis> pauses = {};
  MorphApi api{"https://morph/api", Secret("key-of-the-test-0123"),
               [this](const HttpCall& call) {
                 calls.push_back(call);
                 return answers.at(std::min(calls.size(), answers.size()) - 1);
               },
               [this](Millis time) { pauses.push_back(time); }};

  explicit ScriptedMorph(std::vector<HttpAnswer> given) : answers(std::move(given)) {}
};

std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const DeployError& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("calls carry the key, and the body that is documented") {
  ScriptedMorph morph({answer_of(200, R"({"id":"morphvm_1","status":"pending"})")});
  const MorphInstance started =
      morph.api.start_instance("snapshot_1", {{"service", "rp"}}, std::chrono::seconds(60));
  CHECK(started.id == "morphvm_1");
  const HttpCall& call = morph.calls.at(0);
  CHECK(call.method == "POST");
  CHECK(call.url == "https://morph/api/instance?snapshot_id=snapshot_1");
  CHECK(call.headers.at(0) == "authorization: Bearer key-of-the-test-0123");
  CHECK(Json::parse(call.body) ==
        Json::parse(R"({"metadata":{"service":"rp"},"ttl_seconds":60,"ttl_action":"stop"})"));
}

TEST_CASE("a script goes as one word") {
  ScriptedMorph morph({answer_of(200, R"({"exit_code":3,"stdout":"a","stderr":"b"})")});
  const ExecResult result = morph.api.exec("morphvm_1", "echo 'a b' && false");
  CHECK(result.exit_code == 3);
  CHECK(result.out == "a");
  CHECK(Json::parse(morph.calls.at(0).body)["command"] == Json::array({"echo 'a b' && false"}));
}

TEST_CASE("a busy API is asked again, when it says") {
  HttpAnswer busy = answer_of(429);
  busy.retry_after = Millis(7'000);
  ScriptedMorph morph({busy, answer_of(503), {}, answer_of(200, R"({"id":"s","status":"ready"})")});
  CHECK(morph.api.snapshot("s").status == "ready");
  CHECK(morph.calls.size() == 4);
  CHECK(morph.pauses == std::vector<Millis>{Millis(7'000), Millis(2'000), Millis(4'000)});
}

TEST_CASE("not for ever, and not for what will not change") {
  ScriptedMorph broken({answer_of(500)});
  CHECK(error_of([&] { broken.api.instance("i"); }) != "");
  CHECK(broken.calls.size() == MorphApi::kTries);
  ScriptedMorph refused({answer_of(402, R"({"detail":"No credit"})")});
  CHECK(error_of([&] { refused.api.instance("i"); }) ==
        "GET https://morph/api/instance/i: HTTP 402: No credit");
  CHECK(refused.calls.size() == 1);
}

TEST_CASE("an instance is never started twice") {
  ScriptedMorph morph({answer_of(503)});
  CHECK(error_of([&] { morph.api.start_instance("s", {}, std::chrono::seconds(1)); }) != "");
  CHECK(morph.calls.size() == 1);
}

TEST_CASE("what the API says is told, without the key") {
  ScriptedMorph list({answer_of(
      422, R"({"detail":[{"loc":["body","image_id"],"msg":"field required","type":"x"}]})")});
  CHECK(error_of([&] { list.api.snapshot_of_image("i", "d"); }) ==
        "POST https://morph/api/snapshot: HTTP 422: [\"body\",\"image_id\"]: field required");
  ScriptedMorph echo({answer_of(401, R"({"detail":"bad key key-of-the-test-0123"})")});
  CHECK(error_of([&] { echo.api.instance("i"); }).find("key-of-the-test-0123") ==
        std::string::npos);
}

TEST_CASE("an instance that is gone counts as deleted") {
  ScriptedMorph morph({answer_of(404, R"({"detail":"gone"})")});
  CHECK(error_of([&] { morph.api.delete_instance("i"); }) == "");
}

TEST_CASE("instances of others are never taken for ours") {
  ScriptedMorph morph({answer_of(200, R"({"data":[)"
                                      R"({"id":"a","status":"ready","metadata":{"service":"rp"}},)"
                                      R"({"id":"b","status":"ready","metadata":{"service":"x"}},)"
                                      R"({"id":"c","status":"ready","metadata":{}}]})")});
  const auto found = morph.api.instances("service", "rp");
  REQUIRE(found.size() == 1);
  CHECK(found[0].id == "a");
  CHECK(morph.calls.at(0).url == "https://morph/api/instance?metadata%5Bservice%5D=rp");
}

}  // namespace responses_proxy
