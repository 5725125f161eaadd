// Requests of the Codex CLI, recorded against a mock; the credentials in them are made up.
#include <doctest/doctest.h>

#include <algorithm>
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
  std::vector<const char*> sessions;  // of the requests, the last one of the rest as well
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
  for (const Json& field : recorded["headers"]) {
    request.headers.add(field[0].get<std::string>(), field[1].get<std::string>());
  }
  request.body = recorded["body"].dump();
  return request;
}

}  // namespace

TEST_CASE("a search of Codex belongs to the session that its id names") {
  std::size_t searches = 0;
  for (const Json& entry : load("v0171_http_alpha_search")) {
    if (entry.value("url", "") != "/v1/alpha/search") continue;
    ++searches;
    Request request = request_of(entry);
    const auto endpoint = classify(request.method, request.path);
    REQUIRE(endpoint);
    const auto facts = read_request_facts(request, *endpoint);
    REQUIRE(facts);
    CHECK(facts->session_id == "01a2196a-536b-74f0-b092-44aaf8bdefde");
    CHECK(facts->model == "gpt-6.2-sol");
    CHECK_FALSE(facts->stream);
    // Of nothing else is the id a session's.
    CHECK(read_request_facts(request, {EndpointKind::compact, {}})->session_id.empty());
  }
  CHECK(searches == 1);
}

TEST_CASE("Codex is understood, whatever its version") {
  for (const Recording& recording :
       {Recording{"http_gpt55", 3, "gpt-5.5", {"01a1fcb9-c456-7be1-a879-d02d38f403f7"}},
        Recording{"http_default", 2, "gpt-5.6-terra", {"01a1fcb8-cc80-7cc2-872e-b45ef09d0709"}},
        Recording{"v0120_http_gpt54", 3, "gpt-5.4", {"01a1fcc9-40e4-7b81-9c84-67085027e169"}},
        Recording{"v0171_http_default", 2, "gpt-6.2-sol", {"01a21961-2e27-7fd0-82f2-87ecc6925282"}},
        Recording{"v0171_http_gpt55", 2, "gpt-5.5", {"01a21961-359f-7221-8368-7a3d804ca7ab"}},
        Recording{
            "v0171_http_unknown", 2, "my-unknown-model", {"01a21961-31bc-7390-8fff-6c017f848b70"}},
        Recording{"v0171_http_catalog_url", 2, "kimi/k2", {"01a21961-44cc-7903-b8e9-64460afe1433"}},
        Recording{"v0171_http_compact_v2", 3, "gpt-5.5", {"01a21961-bed8-70c3-a5ef-641d093cd071"}},
        Recording{"v0171_http_steer_gpt55", 2, "gpt-5.5", {"01a21961-b028-7533-a6df-747efd5ef967"}},
        Recording{
            "v0171_http_alpha_search", 2, "gpt-6.2-sol", {"01a2196a-536b-74f0-b092-44aaf8bdefde"}},
        // Sub-agents belong to the session of the agent that made them; a title does not.
        Recording{"v0171_http_subagent_default",
                  4,
                  "gpt-6.2-sol",
                  {"01a21961-d2ab-7030-ad08-a59f01892079"}},
        Recording{"v0171_http_subagent_unknown",
                  4,
                  "my-unknown-model",
                  {"01a21961-ceed-7b53-a613-2da43f10dc1a"}},
        Recording{
            "v0171_http_tui_unknown",
            2,
            "kimi/k2",
            {"01a2196f-6f25-72d1-ba4a-06fecefe1474", "01a2196f-701b-7de2-92d1-732a0eabd977"}}}) {
    CAPTURE(recording.file);
    std::size_t requests = 0;
    for (const Json& entry : load(recording.file)) {
      if (entry.value("url", "") != "/v1/responses") continue;
      const std::string session =
          recording.sessions[std::min(requests++, recording.sessions.size() - 1)];
      Request request = request_of(entry);
      const auto endpoint = classify(request.method, request.path);
      REQUIRE(endpoint);
      CHECK(endpoint->kind == EndpointKind::create_response);
      const auto facts = read_request_facts(request, *endpoint);
      REQUIRE(facts);
      CHECK(facts->model == recording.model);
      CHECK(facts->stream);
      CHECK(facts->session_id == session);
      CHECK(facts->response_key().empty());
      CHECK(facts->pool_id.empty());

      // The body alone says the same, for clients behind something that drops headers.
      request.headers = {};
      CHECK(read_request_facts(request, *endpoint)->session_id == session);
    }
    CHECK(requests == recording.requests);
  }
}

}  // namespace responses_proxy
