#include "core/json_block.h"

#include <doctest/doctest.h>

#include <string>

namespace responses_proxy {

namespace {

constexpr std::size_t kAtOnce = 64;

// How many of 300 bytes are passed when that one stands among them.
std::size_t passed(const char* (*pass)(const char*, const char*), std::size_t at, char byte) {
  std::string text(300, 'a');
  text[at] = byte;
  return static_cast<std::size_t>(pass(text.data(), text.data() + text.size()) - text.data());
}

}  // namespace

TEST_CASE("bytes of a string are passed as long as 64 of them are just that, on any machine") {
  for (const auto pass : {pass_plain, pass_plain_by_blocks}) {
    for (int value = 0; value < 256; ++value) {
      const char byte = static_cast<char>(value);
      const bool stops = byte == '"' || byte == '\\' || value < 0x20;
      for (const std::size_t at : {0U, 15U, 16U, 63U, 64U, 100U, 127U, 128U, 191U, 255U, 256U}) {
        CAPTURE(value);
        CAPTURE(at);
        const std::size_t end = stops ? std::min<std::size_t>(at, 256) : 256;
        CHECK(passed(pass, at, byte) == end / kAtOnce * kAtOnce);
      }
    }
  }
}

TEST_CASE("each byte that stops a string is found among sixteen") {
  for (int value = 0; value < 256; ++value) {
    for (std::size_t at = 0; at < sizeof(ByteBlock); ++at) {
      std::string text(sizeof(ByteBlock), '\x80');
      text[at] = static_cast<char>(value);
      const bool stops = value == '"' || value == '\\' || value < 0x20;
      CHECK(first_set(stops_in(text.data())) == (stops ? at : sizeof(ByteBlock)));
    }
  }
}

}  // namespace responses_proxy
