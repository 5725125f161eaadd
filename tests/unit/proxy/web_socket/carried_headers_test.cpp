#include "proxy/web_socket/carried_headers.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

#include "core/json.h"
#include "proxy/web_socket/client_message.h"

namespace responses_proxy {

namespace {

ClientMessage with_metadata(const std::string& metadata) {
  auto message = read_client_message(R"({"type":"response.create","model":"m","client_metadata":)" +
                                     metadata + "}");
  REQUIRE(message);
  return std::move(*message);
}

std::string code_of(const std::string& metadata) {
  const auto message =
      read_client_message(R"({"type":"response.create","client_metadata":)" + metadata + "}");
  return message ? std::string() : message.error().code;
}

}  // namespace

TEST_CASE("headers that travel in client_metadata become headers again") {
  const Headers headers =
      with_metadata(R"({"session_id":"s","ws_request_header_x_codex_responses_lite":"true",)"
                    R"("x-codex-turn-state":"opaque","ws_request_header_traceparent":"00-1-2-01",)"
                    R"("ws_request_header_n":5,"ws_request_header_quoted":"a \"b\" \u00e9",)"
                    R"("ws_request_header_\u0069":"spelled"})")
          .carried_headers;
  CHECK(headers.size() == 5);
  CHECK(headers.get("x-codex-responses-lite") == "true");
  CHECK(headers.get("x-codex-turn-state") == "opaque");
  CHECK(headers.get("traceparent") == "00-1-2-01");
  CHECK(headers.get("quoted") == "a \"b\" \u00e9");
  CHECK(headers.get("i") == "spelled");
  for (const char* metadata : {"null", "{}", "[]", "5", R"("text")", R"({"a":{}})"}) {
    CAPTURE(metadata);
    const ClientMessage message = with_metadata(metadata);
    CHECK(message.carried_headers.empty());
    CHECK(member(message.members, "client_metadata") == metadata);
  }
}

TEST_CASE("what an HTTP client cannot send upstream, a message cannot either") {
  for (const std::string name : {"host",
                                 "HOST",
                                 "authorization",
                                 "Authorization",
                                 "content_length",
                                 "content-length",
                                 "transfer_encoding",
                                 "cookie",
                                 "connection",
                                 "x-api-key",
                                 "x_api_key",
                                 "api_key",
                                 "x_goog_api_key",
                                 "te",
                                 "trailer",
                                 "upgrade",
                                 "keep_alive",
                                 "proxy_connection",
                                 "proxy_authorization",
                                 "expect",
                                 "x_proxy_session_id",
                                 "x-proxy-pool-id",
                                 "X_PROXY_NEW",
                                 "x_pool_id",
                                 "accept-encoding",
                                 "accept_encoding",
                                 "a b",
                                 "host:",
                                 "",
                                 "h\\u006fst",
                                 "\\u0000"}) {
    CAPTURE(name);
    const ClientMessage message = with_metadata(fmt::format(
        R"({{"a":1,"ws_request_header_{}":"secret","ws_request_header_b":"2"}})", name));
    CHECK(message.carried_headers.size() == 1);
    CHECK(message.carried_headers.get("b") == "2");
    CHECK(member(message.members, "client_metadata") == R"({"a":1,"ws_request_header_b":"2"})");
    CHECK(message.text().find("secret") == std::string::npos);
  }
}

TEST_CASE("headers that a Connection header names stay here as well") {
  const ClientMessage message =
      with_metadata(R"({"ws_request_header_connection":"close, X-One","ws_request_header_x_one":)"
                    R"("1","ws_request_header_x_two":"2"})");
  CHECK(message.carried_headers.size() == 1);
  CHECK(message.text() == R"({"type":"response.create","model":"m",)"
                          R"("client_metadata":{"ws_request_header_x_two":"2"}})");
}

TEST_CASE("control characters in a header's value are refused") {
  for (const std::string value : {"a\\r\\nx-evil: 1", "\\n", "\\u0000", "\\u007f", "\x7f"}) {
    CAPTURE(value);
    CHECK(code_of(R"({"ws_request_header_x":")" + value + "\"}") == "invalid_header_value");
    CHECK(code_of(R"({"x-codex-turn-state":")" + value + "\"}") == "invalid_header_value");
    CHECK(code_of(R"({"another_member":")" + value + "\"}").empty());
  }
  for (const std::string value : {"a\rb", "a\nb", "\x01"}) {  // no JSON string has these
    CHECK(code_of(R"({"ws_request_header_x":")" + value + "\"}") == "invalid_json");
  }
  CHECK(code_of(R"({"ws_request_header_x":"a\tb \u00e9"})").empty());
}

TEST_CASE("of a header that stands twice the last one counts") {
  const ClientMessage message = with_metadata(
      R"({"ws_request_header_x_a":"1","ws_request_header_x-a":"2","ws_request_header_X_A":"3"})");
  CHECK(message.carried_headers.size() == 1);
  CHECK(message.carried_headers.get("x-a") == "3");
}

TEST_CASE("headers of a message are bounded like those of a head") {
  Json metadata = Json::object();
  for (std::size_t i = 0; i < CarriedHeaders::kMaxHeaders; ++i) {
    metadata[fmt::format("ws_request_header_{}", i)] = "x";
  }
  CHECK(code_of(dump(metadata)).empty());
  metadata["ws_request_header_more"] = "x";
  CHECK(code_of(dump(metadata)) == "headers_too_large");
  CHECK(code_of(R"({"ws_request_header_x":")" + std::string(CarriedHeaders::kMaxBytes, 'x') +
                "\"}") == "headers_too_large");
}

}  // namespace responses_proxy
