#include "web_socket/frame.h"

#include <doctest/doctest.h>

namespace responses_proxy {

TEST_CASE("a mask can be put on in pieces, and taken off by the same") {
  const MaskKey key{0x12, 0x34, 0x56, 0x78};
  std::string text;
  for (int i = 0; i < 100; ++i) text.push_back(static_cast<char>(i * 7));
  std::string slowly = text;
  for (std::size_t i = 0; i < slowly.size(); ++i) {
    slowly[i] = static_cast<char>(slowly[i] ^ key[i % 4]);
  }
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    std::string masked = text;
    apply_mask(std::span(masked).first(cut), key, 0);
    apply_mask(std::span(masked).subspan(cut), key, cut);
    REQUIRE(masked == slowly);
    apply_mask(masked, key, 0);
    REQUIRE(masked == text);
  }
}

TEST_CASE("the head of a frame says its length in as few bytes as can be") {
  const auto head = [](std::uint64_t length, FrameHead form = {}) {
    std::string bytes;
    append_frame_head(bytes, form, length);
    return bytes;
  };
  CHECK(head(0) == std::string("\x81\x00", 2));
  CHECK(head(125) == "\x81\x7d");
  CHECK(head(126) == std::string("\x81\x7e\x00\x7e", 4));
  CHECK(head(65535) == "\x81\x7e\xff\xff");
  CHECK(head(65536) == std::string("\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10));
  CHECK(head(1, {.opcode = Opcode::continuation, .fin = false}) == std::string("\x00\x01", 2));
  CHECK(head(1, {.compressed = true}) == "\xc1\x01");
  CHECK(head(2, {.opcode = Opcode::ping, .key = MaskKey{1, 2, 3, 4}}) ==
        "\x89\x82\x01\x02\x03\x04");
}

TEST_CASE("codes that a close frame may carry") {
  for (const int code : {1000, 1003, 1007, 1013, 3000, 4999, 65535})
    CHECK(is_close_code(static_cast<std::uint16_t>(code)));
  for (const int code : {0, 999, 1004, 1005, 1006, 1014, 1015, 2000, 2999}) {
    CHECK_FALSE(is_close_code(static_cast<std::uint16_t>(code)));
  }
}

}  // namespace responses_proxy
