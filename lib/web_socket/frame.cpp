#include "web_socket/frame.h"

#include <cstring>

namespace responses_proxy {

namespace {

void append_big_endian(std::string& to, std::uint64_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) to.push_back(static_cast<char>(number >> (8 * i)));
}

}  // namespace

void apply_mask(std::span<char> bytes, const MaskKey& key, std::size_t offset) {
  std::array<std::uint8_t, 8> twice{};
  for (std::size_t i = 0; i < twice.size(); ++i) twice[i] = key[(offset + i) % key.size()];
  std::uint64_t word = 0;
  std::memcpy(&word, twice.data(), sizeof(word));
  std::size_t at = 0;
  for (; at + sizeof(word) <= bytes.size(); at += sizeof(word)) {
    std::uint64_t masked = 0;
    std::memcpy(&masked, bytes.data() + at, sizeof(masked));
    masked ^= word;
    std::memcpy(bytes.data() + at, &masked, sizeof(masked));
  }
  for (; at < bytes.size(); ++at) bytes[at] = static_cast<char>(bytes[at] ^ twice[at % 8]);
}

void append_frame_head(std::string& to, const FrameHead& head, std::uint64_t payload_bytes) {
  const int first =
      static_cast<int>(head.opcode) | (head.fin ? kFin : 0) | (head.compressed ? kRsv1 : 0);
  const int masked = head.key ? kMasked : 0;
  to.push_back(static_cast<char>(first));
  if (payload_bytes < kLengthIn2) {
    to.push_back(static_cast<char>(masked | static_cast<int>(payload_bytes)));
  } else if (payload_bytes < kFirstLengthIn8) {
    to.push_back(static_cast<char>(masked | kLengthIn2));
    append_big_endian(to, payload_bytes, 2);
  } else {
    to.push_back(static_cast<char>(masked | kLengthIn8));
    append_big_endian(to, payload_bytes, 8);
  }
  if (head.key) to.append(reinterpret_cast<const char*>(head.key->data()), head.key->size());
}

bool is_close_code(std::uint16_t code) {
  constexpr std::uint16_t kFirst = 1000;
  constexpr std::uint16_t kLastKnown = 1013;
  constexpr std::uint16_t kFirstOfOthers = 3000;
  constexpr std::uint16_t kReserved = 1004;
  constexpr std::uint16_t kNone = 1005;
  constexpr std::uint16_t kAbnormal = 1006;
  if (code == kReserved || code == kNone || code == kAbnormal) return false;
  return (code >= kFirst && code <= kLastKnown) || code >= kFirstOfOthers;
}

}  // namespace responses_proxy
