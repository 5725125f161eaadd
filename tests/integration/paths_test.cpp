// Where requests may lead: nothing leaves the parts of the API that are served, and a path has one
// name. Over HTTP and WebSocket.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/json.h"
#include "fakes/compressed.h"
#include "fakes/responses_bodies.h"
#include "integration/post.h"
#include "integration/raw_client.h"
#include "integration/socket_client.h"
#include "integration/test_proxy.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

std::string answer_to(const TestProxy& proxy, const std::string& bytes) {
  RawClient client(proxy.port());
  client.send(bytes);
  return client.read_to_end();
}

std::string request(const std::string& method, const std::string& target,
                    const std::string& fields = "") {
  return method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + fields +
         "\r\n";
}

}  // namespace

TEST_CASE("no path leads out of what is served, whatever the method") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  for (const std::string path :
       {"/v1/responses/../files/x", "/v1/responses/%2e%2e/files/x", "/v1/responses/..%2ffiles",
        "/v1/responses/..;/files", "/v1/responses/resp_1/../../files", "/v1/conversations/../files",
        "/v1/models/%2E%2E/files", "/v1/responses/..\\files", "/v1/responses/%5c..%5cfiles",
        "/responses/../files", "/v1/responses/resp_1/%00", "/v1/responses/resp_%",
        "http://localhost/v1/responses/../files"}) {
    for (const std::string method : {"GET", "POST", "DELETE", "PATCH", "FROBNICATE"}) {
      CAPTURE(method);
      CAPTURE(path);
      const std::string answer = answer_to(proxy, request(method, path));
      CHECK(answer.starts_with("HTTP/1.1 400 "));
      CHECK(answer.find("\"code\":\"invalid_path\"") != std::string::npos);
    }
    SocketClient socket(proxy.port(), {}, false, path);
    CHECK(socket.status() == 400);
  }
  CHECK(answer_to(proxy, request("GET", "/v1/responses//resp_1")).starts_with("HTTP/1.1 404 "));
  CHECK(upstream.counts().requests == 0);
}

TEST_CASE("targets that are no path reach nothing") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  for (const std::string target : {"x", "?a", "*", "v1/models", "v1/responses/resp_1",
                                   "localhost:443", "p://x/v1/models", "/v1/models#x"}) {
    CAPTURE(target);
    CHECK(answer_to(proxy, request("GET", target)).starts_with("HTTP/1.1 400 "));
  }
  CHECK(answer_to(proxy, request("CONNECT", "localhost:443")).starts_with("HTTP/1.1 400 "));
  CHECK(answer_to(proxy, request("OPTIONS", "*")).starts_with("HTTP/1.1 204 "));
  CHECK(answer_to(proxy, request("GET", "/p://x/v1/models")).starts_with("HTTP/1.1 404 "));
  CHECK(upstream.counts().requests == 0);
  CHECK(answer_to(proxy, request("GET", "http://localhost/v1/responses/resp_1?a=b"))
            .starts_with("HTTP/1.1 200 "));
  CHECK(upstream.requests().at(0).target == "/v1/responses/resp_1?a=b");
}

TEST_CASE("a path without /v1, or with a slash at its end, is the same path") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  struct {
    const char* method;
    const char* path;
    const char* served;
  } const rows[] = {
      {"GET", "/responses/resp_1?a=b", "/v1/responses/resp_1?a=b"},
      {"GET", "/v1/responses/resp_1/", "/v1/responses/resp_1"},
      {"GET", "/models", "/v1/models"},
      {"GET", "/v1/models/", "/v1/models"},
      {"GET", "/conversations/conv_1", "/v1/conversations/conv_1"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path);
    answer_to(proxy, request(row.method, row.path));
    CHECK(upstream.requests().back().target == row.served);
  }
  for (const char* path : {"/responses", "/responses/", "/v1/responses/"}) {
    CAPTURE(path);
    httplib::Client client("127.0.0.1", proxy.port());
    const auto result = client.Post(path, R"({"model":"m"})", "application/json");
    REQUIRE(result);
    CHECK(result->status == 200);
    CHECK(upstream.requests().back().target == "/v1/responses");
    SocketClient socket(proxy.port(), {}, false, path);
    CHECK(socket.status() == 101);
    CHECK(socket.send(Json{{"type", "response.create"}, {"model", "m"}, {"input", "x"}}));
    CHECK(socket.events_until("response.completed").size() > 1);
    CHECK(upstream.requests().back().target == "/v1/responses");
  }
  CHECK(proxy.wait_until_idle());
  for (const RequestRecord& record : proxy.records().wait_for(11)) {
    CHECK(record.path.starts_with("/v1/"));
    CHECK_FALSE(record.path.ends_with('/'));
  }
}

TEST_CASE("a method that a path does not have is answered with those it has") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  struct {
    const char* method;
    const char* path;
    const char* allow;
  } const rows[] = {
      {"GET", "/v1/responses", "allow: POST\r\n"},
      {"HEAD", "/v1/responses", "allow: POST\r\n"},
      {"DELETE", "/responses/compact", "allow: POST\r\n"},
      {"POST", "/v1/models", "allow: GET, HEAD\r\n"},
      {"TRACE", "/v1/responses/resp_1", "allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path);
    const std::string answer = answer_to(proxy, request(row.method, row.path));
    CHECK(answer.starts_with("HTTP/1.1 405 "));
    CHECK(answer.find(row.allow) != std::string::npos);
    CHECK(answer.find("\r\ndate: ") != std::string::npos);
  }
  CHECK(upstream.counts().requests == 0);
}

TEST_CASE("HEAD is GET without the body") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  for (const std::string path : {"/v1/models", "/v1/responses/resp_1"}) {
    CAPTURE(path);
    const std::string get = answer_to(proxy, request("GET", path));
    const std::string head = answer_to(proxy, request("HEAD", path));
    CHECK(head.starts_with("HTTP/1.1 200 "));
    CHECK(head.ends_with("\r\n\r\n"));
    const std::string length =
        "content-length: " + std::to_string(get.size() - get.find("\r\n\r\n") - 4) + "\r\n";
    CHECK(head.find(length) != std::string::npos);
    CHECK(upstream.requests().back().method == "GET");
  }
}

TEST_CASE("codings in several fields are undone in their order") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  const std::string body = R"({"model":"m"})";
  const std::string packed = zstd(gzip(body));
  const std::string start =
      "POST /v1/responses HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
  const std::string length = "Content-Length: " + std::to_string(packed.size()) + "\r\n\r\n";
  CHECK(answer_to(proxy,
                  start + "Content-Encoding: gzip\r\nContent-Encoding: zstd\r\n" + length + packed)
            .starts_with("HTTP/1.1 200 "));
  CHECK(upstream.requests().at(0).body == body);
  CHECK_FALSE(upstream.requests().at(0).headers.find("content-encoding"));
  CHECK(answer_to(proxy,
                  start + "Content-Encoding: gzip\r\nContent-Encoding: br\r\n" + length + packed)
            .starts_with("HTTP/1.1 415 "));
  CHECK(upstream.counts().requests == 1);
}

TEST_CASE("a client token in a trailer does not count") {
  ScriptedUpstream upstream;
  Config config = config_for(upstream);
  config.client_tokens = {{"alice", Secret("token-1")}};
  TestProxy proxy(config);
  const std::string answer =
      answer_to(proxy, request("POST", "/v1/responses", "Transfer-Encoding: chunked\r\n") +
                           "d\r\n{\"model\":\"m\"}\r\n0\r\nAuthorization: Bearer token-1\r\n\r\n");
  CHECK(answer.starts_with("HTTP/1.1 401 "));
  CHECK(upstream.counts().requests == 0);
}
