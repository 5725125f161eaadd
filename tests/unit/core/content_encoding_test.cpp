#include "core/content_encoding.h"

#include <doctest/doctest.h>

#include <string>

#include "fakes/compressed.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

constexpr std::size_t kLimit = 1024 * 1024;

const std::string kText = R"({"model":"m","input":")" + std::string(100'000, 'x') + "\"}";

}  // namespace

TEST_CASE("each encoding is undone") {
  const auto decoded = [](std::string_view encoding, const std::string& body) {
    const auto result = decode_content(encoding, body, kLimit);
    REQUIRE(result.ok());
    return *result;
  };
  CHECK(decoded("gzip", gzip(kText)) == kText);
  CHECK(decoded("GZIP", gzip(kText)) == kText);
  CHECK(decoded("gzip", gzip("first ") + gzip("second")) == "first second");
  CHECK(decoded("deflate", deflated(kText, 15)) == kText);
  CHECK(decoded("deflate", deflated(kText, -15)) == kText);
  CHECK(decoded("zstd", zstd(kText)) == kText);
  CHECK(decoded("zstd", zstd("first ") + zstd("second")) == "first second");
  CHECK(decoded("gzip, zstd", zstd(gzip(kText))) == kText);
  CHECK(decoded("identity", kText) == kText);
}

TEST_CASE("what is not what it says is refused") {
  struct {
    const char* encoding;
    std::string body;
    int status;
    const char* code;
  } const cases[] = {
      {"gzip", "not gzip", 400, "invalid_content_encoding"},
      {"gzip", "", 400, "invalid_content_encoding"},
      {"gzip", gzip(kText).substr(0, 50), 400, "invalid_content_encoding"},
      {"gzip", gzip(kText) + "tail", 400, "invalid_content_encoding"},
      {"deflate", "\x01\x02\x03", 400, "invalid_content_encoding"},
      {"zstd", "not zstd", 400, "invalid_content_encoding"},
      {"zstd", "", 400, "invalid_content_encoding"},
      {"zstd", zstd(kText).substr(0, 20), 400, "invalid_content_encoding"},
      {"br", "x", 415, "unsupported_content_encoding"},
      {"gzip, br", gzip("x"), 415, "unsupported_content_encoding"},
      {"gzip,gzip,gzip,gzip", gzip(gzip(gzip(gzip("x")))), 415, "unsupported_content_encoding"},
  };
  for (const auto& bad : cases) {
    CAPTURE(bad.encoding);
    const auto result = decode_content(bad.encoding, bad.body, kLimit);
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().status == bad.status);
    CHECK(result.error().code == bad.code);
  }
}

TEST_CASE("a bomb stops at the limit") {
  const std::string zeros(200 * 1024 * 1024, '\0');
  for (const auto& [encoding, body] :
       {std::pair<const char*, std::string>{"gzip", gzip(zeros)}, {"zstd", zstd(zeros)}}) {
    CAPTURE(encoding);
    REQUIRE(body.size() < kLimit);
    const auto result = decode_content(encoding, body, kLimit);
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().status == 413);
  }
}
