#include "dialects/headers.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace responses_proxy {

namespace {

std::vector<std::string> lines(const Headers& headers) {
  std::vector<std::string> all;
  for (const Header& field : headers)
    all.push_back(std::string(field.name).append(": ").append(field.value));
  return all;
}
using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a request keeps its own headers, in order, duplicates included") {
  const Headers forwarded = forwarded_request_headers({{"User-Agent", "codex"},
                                                       {"X-Custom", "1"},
                                                       {"session_id", "s"},
                                                       {"Content-Type", "application/json"},
                                                       {"OpenAI-Beta", "a"},
                                                       {"X-Custom", "2"},
                                                       {"Accept", "text/event-stream"},
                                                       {"X-Empty", ""}});
  CHECK(lines(forwarded) == Lines{"User-Agent: codex", "X-Custom: 1", "session_id: s",
                                  "Content-Type: application/json", "OpenAI-Beta: a", "X-Custom: 2",
                                  "Accept: text/event-stream", "X-Empty: "});
}

TEST_CASE("hop-by-hop headers, credentials and the proxy's own do not go up") {
  for (const std::string name : {"Connection",
                                 "Keep-Alive",
                                 "Proxy-Connection",
                                 "TE",
                                 "Trailer",
                                 "Upgrade",
                                 "Transfer-Encoding",
                                 "Proxy-Authorization",
                                 "Proxy-Authenticate",
                                 "Host",
                                 "Content-Length",
                                 "AUTHORIZATION",
                                 "X-Api-Key",
                                 "Api-Key",
                                 "X-Goog-Api-Key",
                                 "Cookie",
                                 "Expect",
                                 "Accept-Encoding",
                                 "X-Proxy-Session-ID",
                                 "x-proxy-anything",
                                 "X-POOL-ID"}) {
    CAPTURE(name);
    CHECK(forwarded_request_headers({{name, "value"}}).empty());
  }
  CHECK(forwarded_request_headers({{"X-Proxied", "1"}, {"X-Pool-ID-2", "1"}}).size() == 2);
}

TEST_CASE("what Connection names is hop-by-hop, in every Connection header") {
  const Headers fields = {{"Connection", "close ,\tx-one,, X-Two"},
                          {"X-One", "1"},
                          {"X-Two", "2"},
                          {"connection", "X-Three"},
                          {"X-Three", "3"},
                          {"X-Four", "4"}};
  CHECK(lines(forwarded_request_headers(fields)) == Lines{"X-Four: 4"});
  CHECK(lines(forwarded_response_headers(fields)) == Lines{"X-Four: 4"});
}

TEST_CASE(
    "an answer keeps its headers but for the framing, and its request id under another name") {
  const Headers forwarded = forwarded_response_headers({{"Content-Type", "text/event-stream"},
                                                        {"Content-Length", "10"},
                                                        {"Transfer-Encoding", "chunked"},
                                                        {"Connection", "keep-alive"},
                                                        {"Keep-Alive", "timeout=5"},
                                                        {"X-Request-ID", "req_up"},
                                                        {"Date", "Sat, 21 Nov 2026 00:00:00 GMT"},
                                                        {"Access-Control-Allow-Origin", "*"},
                                                        {"Set-Cookie", "a=b"},
                                                        {"Alt-Svc", "h3=\":443\""},
                                                        {"Strict-Transport-Security", "max-age=1"},
                                                        {"X-Proxy-Decision", "failover"},
                                                        {"x-ratelimit-remaining-tokens", "7"},
                                                        {"OpenAI-Model", "gpt"},
                                                        {"x-codex-turn-state", "ts"}});
  CHECK(lines(forwarded) ==
        Lines{"Content-Type: text/event-stream", "x-upstream-request-id: req_up",
              "Date: Sat, 21 Nov 2026 00:00:00 GMT", "x-ratelimit-remaining-tokens: 7",
              "OpenAI-Model: gpt", "x-codex-turn-state: ts"});
}

// With work that grows with the product of the two numbers this test does not end.
TEST_CASE("many fields and many names in Connection are read once each") {
  constexpr int kMany = 200'000;
  Headers headers;
  std::string names;
  for (int i = 0; i < kMany; ++i) {
    headers.add("x-" + std::to_string(i), "1");
    names += "x-" + std::to_string(2 * i) + ", ";
  }
  headers.add("connection", names);
  CHECK(forwarded_request_headers(headers).size() == kMany / 2);
  CHECK(forwarded_response_headers(headers).size() == kMany / 2);
}

}  // namespace responses_proxy
