#include "proxy/local_answers/codex_catalog_answer.h"

#include <doctest/doctest.h>

#include "unit/proxy/exchange_rig.h"

namespace responses_proxy {

namespace {

using testing::ExchangeRig;

Request models(std::string query) {
  Request request;
  request.method = "GET";
  request.path = "/v1/models";
  request.query = std::move(query);
  return request;
}

void add_catalog(ExchangeRig& rig, std::vector<Resource> resources) {
  rig.router.update(std::move(resources), {{"fast", {{.model = "gpt-9"}}}},
                    std::make_shared<const ModelCatalog>(
                        ModelCatalog{R"({"object":"list","data":[],"models":[]})", "\"42\""}));
}

const Headers kFromCodex{{"originator", "codex_exec"}};

}  // namespace

TEST_CASE("Codex gets the catalog from memory, with its ETag") {
  for (const char* query : {"client_version=0.171.0", "api-version=1&client_version=0.171.0"}) {
    CAPTURE(query);
    ExchangeRig rig({"sk-first-key"});
    add_catalog(rig, rig.config.resources);
    const auto client = rig.send(models(query));
    CHECK(rig.upstream.count() == 0);
    CHECK(client->head->status == 200);
    CHECK(client->body == R"({"object":"list","data":[],"models":[]})");
    CHECK(client->head->headers.get("etag") == "\"42\"");
    CHECK(client->head->headers.get("content-type") == "application/json");
    CHECK(client->head->headers.find("x-request-id"));
  }
}

TEST_CASE("the catalog is there while no key is") {
  ExchangeRig rig({});
  add_catalog(rig, {});
  const auto client = rig.send(models("client_version=0.171.0"));
  CHECK(client->head->status == 200);
  CHECK(client->head->headers.get("etag") == "\"42\"");
}

TEST_CASE("others get the list of models, and so does Codex where there is no catalog") {
  ExchangeRig rig({"sk-first-key"});
  add_catalog(rig, rig.config.resources);
  for (const char* query : {"", "x_client_version=1", "client_versions"}) {
    CAPTURE(query);
    const std::size_t before = rig.upstream.count();
    rig.send(models(query));
    CHECK(rig.upstream.count() == before + 1);
  }
  rig.router.update(rig.config.resources);
  const std::size_t before = rig.upstream.count();
  rig.send(models("client_version=0.171.0"));
  CHECK(rig.upstream.count() == before + 1);
}

TEST_CASE("answers tell Codex of this catalog, nobody else, and never of an upstream's") {
  for (const bool from_codex : {true, false}) {
    CAPTURE(from_codex);
    ExchangeRig rig({"sk-first-key"});
    add_catalog(rig, rig.config.resources);
    const auto client =
        rig.post(R"({"model":"fast","input":"hi"})", from_codex ? kFromCodex : Headers());
    rig.upstream.last().head(200, {{"content-type", "application/json"}, {"x-models-etag", "W/1"}});
    rig.upstream.last().bytes(R"({"id":"resp_1"})");
    rig.upstream.last().end();
    CHECK(client->head->headers.get("x-models-etag") == (from_codex ? "\"42\"" : ""));
  }
}

TEST_CASE("without a catalog nothing is told of one") {
  ExchangeRig rig({"sk-first-key"});
  const auto client = rig.post(R"({"model":"gpt-9","input":"hi"})", kFromCodex);
  rig.upstream.last().head(200, {{"content-type", "application/json"}, {"x-models-etag", "W/1"}});
  rig.upstream.last().bytes(R"({"id":"resp_1"})");
  rig.upstream.last().end();
  CHECK_FALSE(client->head->headers.find("x-models-etag"));
}

}  // namespace responses_proxy
