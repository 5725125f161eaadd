// Requests of the Codex CLI, recorded against a mock; the credentials in them are made up.
#include <doctest/doctest.h>

#include <fstream>

#include "core/json.h"
#include "route/request_facts.h"
#include "source_dir.h"

namespace responses_proxy {

namespace {

struct Recording {
  const char* file;
  std::size_t requests;
  const char* model;
  const char* session;
};

Json load(const std::string& name) {
  std::ifstream file(std::string(RP_SOURCE_DIR) + "/tests/golden/codex/" + name + ".json");
  REQUIRE(file);
  return Json::parse(file);
}

Request request_of(const Json& recorded) {
  Request request;
  request.method = recorded["method"];
  request.path = recorded["url"];
  for (const Json& field : recorded["headers"]) request.headers.add(field[0], field[1]);
  request.body = recorded["body"].dump();
  return request;
}

}  // namespace

TEST_CASE("Codex is understood, whatever its version") {
  for (const Recording& recording :
       {Recording{"http_gpt55", 3, "gpt-5.5", "01a1fcb9-c456-7be1-a879-d02d38f403f7"},
        Recording{"http_default", 2, "gpt-5.6-terra", "01a1fcb8-cc80-7cc2-872e-b45ef09d0709"},
        Recording{"v0120_http_gpt54", 3, "gpt-5.4", "01a1fcc9-40e4-7b81-9c84-67085027e169"}}) {
    CAPTURE(recording.file);
    const Json recorded = load(recording.file);
    CHECK(recorded.size() == recording.requests);
    for (const Json& entry : recorded) {
      Request request = request_of(entry);
      const auto endpoint = classify(request.method, request.path);
      REQUIRE(endpoint);
      CHECK(endpoint->kind == EndpointKind::create_response);
      const auto facts = read_request_facts(request, *endpoint);
      REQUIRE(facts);
      CHECK(facts->model == recording.model);
      CHECK(facts->stream);
      CHECK(facts->session_id == recording.session);
      CHECK(facts->response_key().empty());
      CHECK(facts->pool_id.empty());

      // The body alone says the same, for clients behind something that drops headers.
      request.headers = {};
      CHECK(read_request_facts(request, *endpoint)->session_id == recording.session);
    }
  }
}

}  // namespace responses_proxy
