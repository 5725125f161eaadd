// What a WebSocket frame is made of (RFC 6455 section 5.2), for whoever reads or writes some.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace responses_proxy {

enum class Opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

inline constexpr std::size_t kMaxControlBytes = 125;  // of the payload of a control frame

// Bits of the first two bytes.
inline constexpr std::uint8_t kFin = 0x80;
inline constexpr std::uint8_t kRsv1 = 0x40;  // of a message's first frame: compressed (RFC 7692)
inline constexpr std::uint8_t kOtherReserved = 0x30;
inline constexpr std::uint8_t kOpcodeBits = 0x0f;
inline constexpr std::uint8_t kMasked = 0x80;
inline constexpr std::uint8_t kLengthBits = 0x7f;
// In place of a length: it stands in the next two bytes, in the next eight.
inline constexpr std::uint8_t kLengthIn2 = 126;
inline constexpr std::uint8_t kLengthIn8 = 127;
inline constexpr std::uint64_t kFirstLengthIn8 = 65536;

using MaskKey = std::array<std::uint8_t, 4>;

inline bool is_control(Opcode opcode) {
  return static_cast<std::uint8_t>(opcode) >= static_cast<std::uint8_t>(Opcode::close);
}

// Puts the mask on, or takes it off. `offset`: how many bytes of the payload stand before `bytes`.
void apply_mask(std::span<char> bytes, const MaskKey& key, std::size_t offset);

struct FrameHead {
  Opcode opcode = Opcode::text;
  bool fin = true;
  bool compressed = false;
  std::optional<MaskKey> key = std::nullopt;
};
void append_frame_head(std::string& to, const FrameHead& head, std::uint64_t payload_bytes);

// Section 7.4: whether a close frame may carry it.
bool is_close_code(std::uint16_t code);

}  // namespace responses_proxy
