// MessageInflater: a compressed message (RFC 7692), piece by piece.
//
// One per message: no context is taken over from one to the next.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace responses_proxy {

class MessageInflater {
 public:
  static constexpr int kWindowBits = 9;

  enum class Result : std::uint8_t { good, too_large, corrupt };

  MessageInflater();
  ~MessageInflater();
  MessageInflater(const MessageInflater&) = delete;
  MessageInflater& operator=(const MessageInflater&) = delete;

  // Appends what comes out, up to `max_bytes` in `to`.
  Result take(std::string_view piece, std::string& to, std::size_t max_bytes);
  // The message is complete.
  Result end(std::string& to, std::size_t max_bytes);

 private:
  z_stream stream_{};
};

}  // namespace responses_proxy
