// What a FrameReader finds in bytes, and what a FrameWriter sends, as tests compare them.
#pragma once

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "web_socket/frame_reader.h"
#include "web_socket/frame_writer.h"

namespace responses_proxy::testing {

// "text hello", "ping x", "close 1000 bye", "broken 1002"
using Findings = std::vector<std::string>;

inline std::string finding(FrameReader& reader, FrameReader::Found found) {
  switch (found) {
    case FrameReader::Found::text:
      return "text " + std::string(reader.payload());
    case FrameReader::Found::binary:
      return "binary";
    case FrameReader::Found::ping:
      return "ping " + std::string(reader.payload());
    case FrameReader::Found::pong:
      return "pong " + std::string(reader.payload());
    case FrameReader::Found::close:
      return "close " + std::to_string(reader.close_code()) + " " +
             std::string(reader.close_reason());
    case FrameReader::Found::broken:
      return "broken " + std::to_string(reader.close_code());
    case FrameReader::Found::more:
      break;
  }
  return "more";
}

inline constexpr FrameReader::Rules kFromClient{
    .masked = true, .compressed = false, .max_message_bytes = 1024 * 1024};

// The bytes in pieces of `piece` bytes, behind a first one of `first`; up to a close frame or what
// is none.
inline Findings found_in(std::string bytes, FrameReader::Rules rules = kFromClient,
                         std::size_t piece = std::string::npos, std::size_t first = 0) {
  FrameReader reader(rules);
  Findings findings;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = at == 0 && first > 0 ? first : piece;
    std::span<char> span = std::span(bytes).subspan(at, std::min(size, bytes.size() - at));
    at += span.size();
    for (;;) {
      const FrameReader::Found found = reader.next(span);
      if (found == FrameReader::Found::more) break;
      findings.push_back(finding(reader, found));
      if (found == FrameReader::Found::broken || found == FrameReader::Found::close) {
        return findings;
      }
    }
  }
  return findings;
}

// All that waits, taken in writes of at most `at_once` bytes.
inline std::string sent_by(FrameWriter& writer, std::size_t at_once = std::string::npos) {
  std::string bytes;
  while (!writer.empty()) {
    const std::string_view next = writer.next().substr(0, at_once);
    bytes.append(next);
    writer.sent(next.size());
  }
  return bytes;
}

}  // namespace responses_proxy::testing
