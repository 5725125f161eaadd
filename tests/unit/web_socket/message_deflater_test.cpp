// Compression of messages, with each other and in pieces.
#include "web_socket/message_deflater.h"

#include <doctest/doctest.h>

#include "web_socket/message_inflater.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kNoLimit = std::size_t{1} << 30;
using Result = MessageInflater::Result;

std::string compressed(std::string_view text, std::size_t piece = std::string::npos) {
  MessageDeflater deflater;
  std::string out;
  do {
    const std::string_view next = text.substr(0, piece);
    text.remove_prefix(next.size());
    deflater.take(next, text.empty(), out);
  } while (!text.empty());
  return out;
}

Result inflate(std::string_view bytes, std::string& text, std::size_t piece = std::string::npos,
               std::size_t limit = kNoLimit) {
  MessageInflater inflater;
  while (!bytes.empty()) {
    const std::string_view next = bytes.substr(0, piece);
    bytes.remove_prefix(next.size());
    const Result result = inflater.take(next, text, limit);
    if (result != Result::good) return result;
  }
  return inflater.end(text, limit);
}

std::string sample(std::size_t words) {
  std::string text;
  for (std::size_t i = 0; i < words; ++i) text += "word" + std::to_string(i * 7919 % 1000) + " ";
  return text;
}

}  // namespace

TEST_CASE("what is compressed comes out again, in whatever pieces") {
  for (const std::size_t words : {0U, 1U, 20U, 3000U}) {
    const std::string text = sample(words);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1000}, kNoLimit}) {
      std::string out;
      CHECK(inflate(compressed(text, piece), out, piece) == Result::good);
      CHECK(out == text);
    }
  }
  CHECK(compressed("").size() == 1);
}

TEST_CASE("one deflater's messages know nothing of each other") {
  MessageDeflater deflater;
  for (int i = 0; i < 3; ++i) {
    std::string bytes;
    deflater.take("the same text, the same text", true, bytes);
    std::string out;
    CHECK(inflate(bytes, out) == Result::good);
    CHECK(out == "the same text, the same text");
  }
}

TEST_CASE("a message that grows beyond its limit is not read on") {
  std::string out;
  CHECK(inflate(compressed(std::string(10'000'000, 'a')), out, kNoLimit, 100'000) ==
        Result::too_large);
  CHECK(out.size() <= 100'000);
  out.clear();
  CHECK(inflate(compressed(std::string(1000, 'a')), out, kNoLimit, 1000) == Result::good);
}

TEST_CASE("bytes that are no compressed message") {
  std::string out;
  CHECK(inflate("\xff\xff\xff\xff\xff", out) == Result::corrupt);
  const std::string whole = compressed(sample(100));
  CHECK(inflate(whole.substr(0, whole.size() / 2), out) == Result::corrupt);
}

TEST_CASE("a block that says it is the last one is not the end of a message") {
  // RFC 7692 section 7.2.3.4: "Hello".
  std::string out;
  CHECK(inflate(std::string("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8), out) == Result::good);
  CHECK(out == "Hello");
}

}  // namespace responses_proxy
