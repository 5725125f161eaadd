#include "proxy/web_socket/socket_error.h"

#include <doctest/doctest.h>

#include <string>

namespace responses_proxy {

TEST_CASE("an error message has a status, a code, headers and a body") {
  const SocketError error = read_socket_error(
      R"({"type":"error","status":429,"error":{"code":"rate_limit\u005fexceeded","x":1},)"
      R"("headers":{"retry-after":"7","n":5,"content-encoding":"gzip","bad name":"x",)"
      R"("evil":"a\r\nb","content-length":3}})");
  CHECK(error.status == 429);
  CHECK(error.code == "rate_limit_exceeded");
  CHECK(error.headers.size() == 3);
  CHECK(error.headers.get("content-type") == "application/json");
  CHECK(error.headers.get("retry-after") == "7");
  CHECK(error.headers.get("n") == "5");
  CHECK(error.body == R"({"error":{"code":"rate_limit\u005fexceeded","x":1}})");
}

TEST_CASE("without a status that is one, the code has its own") {
  CHECK(read_socket_error(R"({"type":"error","status_code":503,"error":{}})").status == 503);
  for (const char* status : {"0", "200", "99999", "\"429\"", "null"}) {
    CAPTURE(status);
    CHECK(read_socket_error(
              std::string(R"({"type":"error","error":{"code":"rate_limit_exceeded"},"status":)") +
              status + "}")
              .status == 429);
  }
}

TEST_CASE("a message may be the error itself, and an error have its own headers") {
  const SocketError error = read_socket_error(R"({"type":"error","code":"c","message":"m"})");
  CHECK(error.code == "c");
  CHECK(error.body == R"({"error":{"type":"error","code":"c","message":"m"}})");
  CHECK(read_socket_error(R"({"type":"error","error":{"headers":{"retry-after":"3"}}})")
            .headers.get("retry-after") == "3");
}

}  // namespace responses_proxy
