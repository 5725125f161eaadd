#include "proxy/local_answers/model_list.h"

#include <doctest/doctest.h>

#include "unit/proxy/exchange_rig.h"

namespace responses_proxy {

namespace {

using local_answers::model_list;
using testing::ExchangeRig;

const std::string kList =
    R"({"object":"list","data":[{"id":"gpt-9","object":"model","x":1},{"id":"fast"},{"id":7}]})";

Request get(std::string path) {
  Request request;
  request.method = "GET";
  request.path = std::move(path);
  return request;
}

void add_aliases(ExchangeRig& rig) {
  rig.router.update(rig.config.resources,
                    {{"team/coder", {{.model = "gpt-8"}}}, {"fast", {{.model = "gpt-9"}}}});
}

std::vector<std::string> ids_of(const std::string& body) {
  std::vector<std::string> ids;
  const Json list = Json::parse(body);
  CHECK(list["object"] == "list");
  for (const Json& model : list["data"]) ids.push_back(model["id"]);
  return ids;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("aliases come first, and no name stands twice") {
  const std::vector<ModelAlias> aliases{{"fast", {}}, {"slow", {}}, {"fast", {}}};
  const Json list = Json::parse(model_list(aliases, kList));
  REQUIRE(list["data"].size() == 3);
  CHECK(list["data"][0]["id"] == "fast");
  CHECK(list["data"][0]["object"] == "model");
  CHECK(list["data"][1]["id"] == "slow");
  CHECK(list["data"][2] == Json::parse(R"({"id":"gpt-9","object":"model","x":1})"));
}

TEST_CASE("what is no list has no models") {
  const std::vector<ModelAlias> aliases{{"fast", {}}};
  for (const char* text : {"", "[]", "hello", "{}", R"({"data":7})", R"({"error":{}})"}) {
    CAPTURE(text);
    CHECK(ids_of(model_list(aliases, text)) == Ids{"fast"});
  }
}

TEST_CASE("the upstream's list goes on behind the aliases, whatever it was framed with") {
  ExchangeRig rig({"sk-first-key", "sk-second-key"});
  add_aliases(rig);
  const auto client = rig.send(get("/v1/models"));
  REQUIRE(rig.upstream.count() == 1);
  rig.upstream.last().head(200, {{"content-type", "application/json"},
                                 {"content-length", std::to_string(kList.size())},
                                 {"etag", "\"1\""}});
  rig.upstream.last().bytes(kList);
  rig.upstream.last().end();
  CHECK(ids_of(client->body) == Ids{"team/coder", "fast", "gpt-9"});
  CHECK_FALSE(client->head->content_length);
  CHECK_FALSE(client->head->headers.find("etag"));
  CHECK(client->end == testing::FakeResponseWriter::End::finished);
  CHECK(rig.record().completed);
}

TEST_CASE(
    "aliases are listed while no upstream has a list: after failover, with what it said on "
    "record") {
  for (const bool answers : {false, true}) {
    CAPTURE(answers);
    ExchangeRig rig({"sk-first-key", "sk-second-key"});
    add_aliases(rig);
    const auto client = rig.send(get("/v1/models"));
    for (std::size_t i = 0; i < 2; ++i) {
      REQUIRE(rig.upstream.count() == i + 1);
      if (answers) {
        rig.upstream.at(i).document(503);
        rig.upstream.at(i).bytes(R"({"error":{"message":"no"}})");
        rig.upstream.at(i).end();
      } else {
        rig.upstream.at(i).end(UpstreamError::connect_refused);
      }
    }
    CHECK(client->head->status == 200);
    CHECK(ids_of(client->body) == Ids{"team/coder", "fast"});
    const RequestRecord record = rig.record();
    CHECK(record.status_code == 200);
    REQUIRE(record.attempts.size() == 2);
    CHECK(record.attempts[1].status_code == (answers ? 503 : 0));
    CHECK(rig.resource(1)->health() == Health::degraded);
  }
}

TEST_CASE("without aliases the upstream's list passes byte for byte") {
  ExchangeRig rig({"sk-first-key"});
  const auto client = rig.send(get("/v1/models"));
  rig.upstream.last().document();
  rig.upstream.last().bytes(kList);
  rig.upstream.last().end();
  CHECK(client->body == kList);
}

TEST_CASE("an alias is described here, other models upstream") {
  ExchangeRig rig({"sk-first-key", "sk-second-key"});
  add_aliases(rig);
  const auto client = rig.send(get("/v1/models/team/coder"));
  CHECK(client->head->status == 200);
  CHECK(Json::parse(client->body)["id"] == "team/coder");
  CHECK(client->head->headers.get("content-type") == "application/json");
  CHECK(client->head->headers.find("x-request-id"));
  CHECK(rig.upstream.count() == 0);
  const RequestRecord record = rig.record();
  CHECK(record.completed);
  CHECK(record.status_code == 200);
  CHECK(record.attempts.empty());
  rig.send(get("/v1/models/team"));
  CHECK(rig.upstream.count() == 1);
}

}  // namespace responses_proxy
