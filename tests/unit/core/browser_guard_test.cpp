#include "core/browser_guard.h"

#include <doctest/doctest.h>

namespace responses_proxy {

namespace {

Request request(std::string method, Headers headers) {
  Request request;
  request.method = std::move(method);
  request.path = "/v1/responses";
  request.headers = std::move(headers);
  return request;
}

std::string verdict(const BrowserGuard& guard, const Request& asked) {
  const auto refusal = guard.refusal(asked);
  if (!refusal) return "";
  CHECK(refusal->status == 403);
  return refusal->code;
}

BrowserGuard on_loopback() {
  return BrowserGuard({{"https://app.example"}, {"proxy.example"}, true});
}

}  // namespace

TEST_CASE("an origin has one form") {
  CHECK(normal_origin("http://localhost:8000") == "http://localhost:8000");
  CHECK(normal_origin("HTTP://LocalHost:80") == "http://localhost");
  CHECK(normal_origin("https://a.example:443") == "https://a.example");
  CHECK(normal_origin("https://a.example:80") == "https://a.example:80");
  CHECK(normal_origin("http://[::1]:8000") == "http://[::1]:8000");
  CHECK(normal_origin("vscode-webview://abc") == "vscode-webview://abc");
  for (const char* none : {"", "null", "*", "a.example", "//a.example", "://a", "http://",
                           "http://a/", "http://a/b", "http://u@a", "http://a b", "ht tp://a"}) {
    CAPTURE(none);
    CHECK_FALSE(normal_origin(none));
  }
}

TEST_CASE("programs without Origin pass") {
  const BrowserGuard guard = on_loopback();
  for (const char* method : {"GET", "POST", "DELETE", "OPTIONS"}) {
    CHECK(verdict(guard, request(method, {{"Host", "127.0.0.1:8000"}})).empty());
    CHECK(verdict(guard, request(method, {})).empty());
  }
}

TEST_CASE("pages of our own and of allowed origins pass, those of others do not") {
  struct {
    const char* host;
    const char* origin;
    bool passes;
  } const rows[] = {
      {"localhost:8000", "http://localhost:8000", true},
      {"LOCALHOST:8000", "http://localhost:8000", true},
      {"localhost", "http://localhost", true},
      {"localhost:80", "http://localhost", true},
      {"[::1]:8000", "http://[::1]:8000", true},
      {"localhost:8000", "https://app.example", true},
      {"localhost:8000", "https://APP.example:443", true},
      {"localhost:8000", "https://localhost:8000", false},
      {"localhost:8000", "http://localhost:3000", false},
      {"localhost:8000", "http://localhost", false},
      {"localhost:8000", "http://127.0.0.1:8000", false},
      {"localhost:8000", "http://evil.example", false},
      {"localhost:8000", "http://localhost:8000.evil.example", false},
      {"localhost:8000", "http://app.example", false},
      {"localhost:8000", "https://app.example.evil.example", false},
      {"localhost:8000", "https://app.example:8443", false},
      {"localhost:8000", "null", false},
      {"localhost:8000", "", false},
      {"localhost:8000", "file://", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.host);
    CAPTURE(row.origin);
    for (const char* method : {"GET", "POST", "OPTIONS"}) {
      CHECK(verdict(on_loopback(), request(method, {{"Host", row.host}, {"Origin", row.origin}})) ==
            (row.passes ? "" : "origin_not_allowed"));
    }
  }
}

TEST_CASE("every Origin of a request counts") {
  CHECK(verdict(on_loopback(), request("POST", {{"Host", "localhost"},
                                                {"Origin", "http://localhost"},
                                                {"origin", "http://evil.example"}})) ==
        "origin_not_allowed");
}

TEST_CASE("behind TLS our own pages say https") {
  const BrowserGuard guard = on_loopback();
  const Headers page = {{"Host", "proxy.example"}, {"Origin", "https://proxy.example"}};
  CHECK(verdict(guard, request("POST", page)) == "origin_not_allowed");
  Headers forwarded = page;
  forwarded.add("X-Forwarded-Proto", "https");
  CHECK(verdict(guard, request("POST", forwarded)).empty());
}

TEST_CASE("a browser that leaves Origin out still says where the page is from") {
  const BrowserGuard guard = on_loopback();
  const auto from = [&](const char* method, const char* site) {
    return verdict(guard, request(method, {{"Host", "localhost"}, {"Sec-Fetch-Site", site}}));
  };
  for (const char* site : {"cross-site", "same-site"}) {
    CHECK(from("POST", site) == "origin_not_allowed");
    CHECK(from("DELETE", site) == "origin_not_allowed");
    CHECK(from("GET", site).empty());  // a link to the dashboard; no page can read the answer
  }
  for (const char* site : {"same-origin", "none"}) CHECK(from("POST", site).empty());
}

TEST_CASE("on loopback only its names are ours, and what is allowed") {
  const BrowserGuard guard = on_loopback();
  for (const char* host :
       {"localhost", "localhost:8000", "LocalHost.", "a.localhost:1", "127.0.0.1:8000", "127.9.9.9",
        "[::1]", "[::1]:8000", "proxy.example", "Proxy.Example:8000", "proxy.example."}) {
    CAPTURE(host);
    CHECK(verdict(guard, request("GET", {{"Host", host}})).empty());
  }
  for (const char* host :
       {"evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example",
        "xlocalhost", "0.0.0.0:8000", "192.168.1.1", "[::2]", "a.proxy.example", "[", "", "."}) {
    CAPTURE(host);
    CHECK(verdict(guard, request("GET", {{"Host", host}})) == "host_not_allowed");
  }
}

TEST_CASE("elsewhere any name is ours until names are allowed") {
  const Request asked = request("GET", {{"Host", "whatever.example"}});
  CHECK(verdict(BrowserGuard(), asked).empty());
  const BrowserGuard named({{}, {"proxy.example"}, false});
  CHECK(verdict(named, asked) == "host_not_allowed");
  CHECK(verdict(named, request("GET", {{"Host", "proxy.example:80"}})).empty());
  for (const char* address : {"127.0.0.1", "10.1.2.3:8000", "[fe80::1]:8000", "localhost"}) {
    CHECK(verdict(named, request("GET", {{"Host", address}})).empty());
  }
}

TEST_CASE("an allowed page may ask before, and read the answer") {
  const BrowserGuard guard = on_loopback();
  const auto answer = guard.preflight(
      request("OPTIONS", {{"Host", "localhost"},
                          {"Origin", "https://app.example"},
                          {"Access-Control-Request-Method", "POST"},
                          {"Access-Control-Request-Headers", "authorization,content-type"},
                          {"Access-Control-Request-Private-Network", "true"}}));
  REQUIRE(answer);
  CHECK(answer->status == 204);
  CHECK(answer->headers.get("access-control-allow-methods") ==
        "GET, HEAD, POST, PUT, PATCH, DELETE");
  CHECK(answer->headers.get("access-control-allow-headers") == "authorization,content-type");
  CHECK(answer->headers.get("access-control-allow-private-network") == "true");
  CHECK(answer->headers.get("access-control-max-age") == "600");

  const Headers fields = guard.answer_fields(request("POST", {{"Origin", "https://app.example"}}));
  CHECK(fields.get("access-control-allow-origin") == "https://app.example");
  CHECK(fields.get("access-control-expose-headers") == "*");
  CHECK(fields.get("vary") == "Origin");
}

TEST_CASE("what is no preflight of an allowed page is not answered as one") {
  const BrowserGuard guard = on_loopback();
  const Header method{"Access-Control-Request-Method", "POST"};
  const Header origin{"Origin", "https://app.example"};
  CHECK_FALSE(guard.preflight(request("POST", {origin, method})));
  CHECK_FALSE(guard.preflight(request("OPTIONS", {origin})));
  CHECK_FALSE(guard.preflight(request("OPTIONS", {method})));
  CHECK_FALSE(guard.preflight(request("OPTIONS", {{"Origin", "http://evil.example"}, method})));
  const Headers fields = guard.answer_fields(request("GET", {{"Origin", "http://evil.example"}}));
  CHECK_FALSE(fields.find("access-control-allow-origin"));
  CHECK(fields.get("vary") == "Origin");  // a cache must not give it to an allowed page
  CHECK(BrowserGuard().answer_fields(request("GET", {origin})).empty());
}

}  // namespace responses_proxy
