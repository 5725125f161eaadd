#include "traces/traceparent.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace responses_proxy;

namespace {

constexpr const char* kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr const char* kSpan = "00f067aa0ba902b7";

std::string text(const std::string& flags, const std::string& version = "00") {
  return version + "-" + kTrace + "-" + kSpan + "-" + flags;
}

}  // namespace

TEST_CASE("a traceparent is read and written") {
  for (const char* flags : {"01", "03", "ff"}) CHECK(parse_traceparent(text(flags))->sampled);
  for (const char* flags : {"00", "02", "fe"}) {
    CHECK_FALSE(parse_traceparent(text(flags))->sampled);
  }
  const auto parent = parse_traceparent(text("01"));
  REQUIRE(parent);
  CHECK(parent->trace_id == kTrace);
  CHECK(parent->span_id == kSpan);
  CHECK(to_text(*parent) == text("01"));
  CHECK(to_text({kTrace, kSpan, false}) == text("00"));
}

TEST_CASE("one of a later version counts by what is known of it") {
  CHECK(parse_traceparent(text("01", "cc")));
  CHECK(parse_traceparent(text("01-what-comes", "cc")));
  CHECK_FALSE(parse_traceparent(text("01what", "cc")));
  CHECK_FALSE(parse_traceparent(text("01-what-comes")));
}

TEST_CASE("what is no traceparent is none") {
  const std::vector<std::string> all{
      std::string(),
      std::string("00-1-2-01"),
      text("01", "ff"),
      text("0"),
      text("0g"),
      text("01", "0G"),
      "00-" + std::string(32, '0') + "-" + kSpan + "-01",
      "00-" + std::string(kTrace) + "-" + std::string(16, '0') + "-01",
      "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
      text("01").replace(2, 1, "_"),
      text("01").replace(35, 1, "_"),
      text("01").replace(52, 1, "_")};
  for (const std::string& wrong : all) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_traceparent(wrong));
  }
}
