// WebSocket frames byte by byte, right and wrong ones (RFC 6455 section 5.2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace responses_proxy::testing {

namespace opcode {
inline constexpr std::uint8_t kContinuation = 0;
inline constexpr std::uint8_t kText = 1;
inline constexpr std::uint8_t kBinary = 2;
inline constexpr std::uint8_t kClose = 8;
inline constexpr std::uint8_t kPing = 9;
inline constexpr std::uint8_t kPong = 10;
}  // namespace opcode

struct Frame {
  std::uint8_t opcode = 0;
  std::string payload;
  bool fin = true;
  bool compressed = false;  // RSV1
  bool masked = true;
};

inline std::string length_bytes(std::uint64_t length, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text.push_back(static_cast<char>(length >> (8 * i)));
  return text;
}

inline std::string frame_head(const Frame& frame, std::uint64_t length) {
  std::string head;
  head.push_back(
      static_cast<char>(frame.opcode | (frame.fin ? 0x80 : 0) | (frame.compressed ? 0x40 : 0)));
  const int mask = frame.masked ? 0x80 : 0;
  if (length < 126) {
    head.push_back(static_cast<char>(mask | static_cast<int>(length)));
  } else if (length < 65536) {
    head.push_back(static_cast<char>(mask | 126));
    head += length_bytes(length, 2);
  } else {
    head.push_back(static_cast<char>(mask | 127));
    head += length_bytes(length, 8);
  }
  return head;
}

inline std::string encode(const Frame& frame) {
  constexpr std::string_view kMask = "\x12\x34\x56\x78";
  std::string bytes = frame_head(frame, frame.payload.size());
  if (!frame.masked) return bytes + frame.payload;
  bytes += kMask;
  for (std::size_t i = 0; i < frame.payload.size(); ++i) {
    bytes.push_back(static_cast<char>(frame.payload[i] ^ kMask[i % 4]));
  }
  return bytes;
}

inline std::string close_payload(std::uint16_t code, std::string_view reason = {}) {
  return length_bytes(code, 2).append(reason);
}

}  // namespace responses_proxy::testing
