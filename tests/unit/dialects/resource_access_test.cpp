#include "dialects/resource_access.h"

#include <doctest/doctest.h>

namespace responses_proxy {

namespace {

Resource resource(AuthKind kind, std::string name) {
  Resource made;
  made.base_url = "https://h/v1";
  made.credential = Secret("k&y");
  made.auth = {kind, std::move(name)};
  return made;
}

}  // namespace

TEST_CASE("a credential goes up where the provider looks for it") {
  Headers bearer;
  add_resource_headers(bearer, resource(AuthKind::bearer, "Authorization"));
  CHECK(bearer.get("authorization") == "Bearer k&y");
  Headers header{{"X-API-Key", "the client's"}};
  add_resource_headers(header, resource(AuthKind::header, "x-api-key"));
  CHECK(header.list("x-api-key") == "k&y");
  CHECK(header.size() == 1);
  for (const AuthKind elsewhere : {AuthKind::query, AuthKind::none}) {
    Headers headers;
    add_resource_headers(headers, resource(elsewhere, "key"));
    CHECK(headers.empty());
  }
  CHECK(upstream_url(resource(AuthKind::query, "key"), "/responses") ==
        "https://h/v1/responses?key=k%26y");
  CHECK(upstream_url(resource(AuthKind::none, "key"), "/responses") == "https://h/v1/responses");
}

TEST_CASE("a resource's own headers replace the client's, and its credential replaces both") {
  Resource own = resource(AuthKind::bearer, "Authorization");
  own.headers = {{"OpenAI-Organization", "org-1"}, {"Authorization", "Bearer other"}};
  Headers headers{{"openai-organization", "org-2"}, {"accept", "*/*"}};
  add_resource_headers(headers, own);
  CHECK(headers.list("openai-organization") == "org-1");
  CHECK(headers.list("authorization") == "Bearer k&y");
  CHECK(headers.get("accept") == "*/*");
}

TEST_CASE("a resource's own parameters of the query replace the client's") {
  Resource azure = resource(AuthKind::header, "api-key");
  azure.query = "api-version=2026-10-01";
  CHECK(upstream_url(azure, "/responses") == "https://h/v1/responses?api-version=2026-10-01");
  CHECK(upstream_url(azure, "", "limit=2&api-version=1&&after=x") ==
        "https://h/v1?limit=2&after=x&api-version=2026-10-01");
  azure.auth = {AuthKind::query, "key"};
  CHECK(upstream_url(azure, "/m", "key=client") ==
        "https://h/v1/m?api-version=2026-10-01&key=k%26y");
  CHECK(upstream_url(resource(AuthKind::none, ""), "/m", "a=1&b=%26") ==
        "https://h/v1/m?a=1&b=%26");
}

}  // namespace responses_proxy
