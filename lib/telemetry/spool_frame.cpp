#include "telemetry/spool_frame.h"

#include <zlib.h>

#include <array>
#include <cstdint>

namespace responses_proxy {

namespace {

constexpr std::string_view kMark = "rps\x1E";
constexpr std::size_t kLengthAt = kMark.size();
constexpr std::size_t kCrcAt = kLengthAt + 4;
constexpr std::size_t kPayloadAt = kCrcAt + 4;

std::string little_endian(std::size_t number) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>((number >> shift) & 0xFFU);
  return bytes;
}

std::size_t read_little_endian(std::string_view bytes) {
  std::size_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    number |= static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return number;
}

std::size_t crc_of(std::string_view length, std::string_view payload) {
  uLong crc = ::crc32(0, nullptr, 0);
  for (const std::string_view part : {length, payload}) {
    crc = ::crc32(crc, reinterpret_cast<const Bytef*>(part.data()), static_cast<uInt>(part.size()));
  }
  return crc;
}

// What stands at the front of `bytes`; `nothing` = no frame.
SpoolScan::Found look(std::string_view bytes, bool last) {
  using Found = SpoolScan::Found;
  const auto unfinished = last ? Found::nothing : Found::more;
  const std::string_view mark = bytes.substr(0, kMark.size());
  if (!kMark.starts_with(mark)) return Found::nothing;
  if (bytes.size() < kPayloadAt) return unfinished;
  const std::size_t length = read_little_endian(bytes.substr(kLengthAt));
  if (length > kMaxSpoolPayload) return Found::nothing;
  if (bytes.size() - kPayloadAt < length) return unfinished;
  const std::size_t crc = crc_of(bytes.substr(kLengthAt, 4), bytes.substr(kPayloadAt, length));
  return crc == read_little_endian(bytes.substr(kCrcAt)) ? Found::frame : Found::nothing;
}

}  // namespace

std::string spool_frame(std::string_view payload) {
  std::string frame(kMark);
  const std::string length = little_endian(payload.size());
  frame += length;
  frame += little_endian(crc_of(length, payload));
  frame += payload;
  return frame;
}

SpoolScan scan_spool(std::string_view bytes, bool last) {
  using Found = SpoolScan::Found;
  for (std::size_t begin = 0; begin < bytes.size(); ++begin) {
    begin = bytes.find(kMark.front(), begin);
    if (begin == std::string_view::npos) break;
    const Found found = look(bytes.substr(begin), last);
    if (found == Found::nothing) continue;
    if (found == Found::more) return {found, begin, begin, {}};
    const std::size_t length = read_little_endian(bytes.substr(begin + kLengthAt));
    return {found, begin, begin + kPayloadAt + length, bytes.substr(begin + kPayloadAt, length)};
  }
  return {Found::nothing, bytes.size(), bytes.size(), {}};
}

}  // namespace responses_proxy
