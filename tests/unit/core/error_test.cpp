#include "responses_proxy/error.h"

#include <doctest/doctest.h>

#include "core/json.h"
#include "responses_proxy/result.h"

namespace responses_proxy {

TEST_CASE("all four keys are there, in order, empty ones as null") {
  CHECK(Error::unavailable(503, "", "Try later").to_json() ==
        R"({"error":{"message":"Try later","type":"server_error","param":null,"code":null}})");
  const Error error = Error::invalid_request("invalid_type", "Not a string", "model");
  CHECK(error.status == 400);
  CHECK(error.to_json() ==
        R"({"error":{"message":"Not a string","type":"invalid_request_error","param":"model",)"
        R"("code":"invalid_type"}})");
}

TEST_CASE("any bytes come out as valid JSON") {
  const std::string nasty = std::string("\"}\\\r\n\t\x01\0x", 10) + "\xff\xc3 \xe6\x97 日";
  const Error error{400, nasty, nasty, nasty, nasty, {}};
  const std::string text = error.to_json();
  CHECK(text.find('\n') == std::string::npos);
  const Json parsed = Json::parse(text);
  const auto message = parsed["error"]["message"].get<std::string>();
  CHECK(message.starts_with(std::string("\"}\\\r\n\t\x01\0x", 10)));
  CHECK(message.find("\xEF\xBF\xBD") != std::string::npos);
  CHECK(message.ends_with("日"));
}

TEST_CASE("a result is a value or an error") {
  Result<std::string> good = std::string("value");
  REQUIRE(good.ok());
  CHECK(*good == "value");
  CHECK(good->size() == 5);
  CHECK(std::move(good).value() == "value");
  const Result<std::string> bad = Error::unavailable(502, "code", "text");
  CHECK_FALSE(bad);
  CHECK(bad.error().status == 502);
}

}  // namespace responses_proxy
