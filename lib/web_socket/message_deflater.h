// MessageDeflater: compresses messages (RFC 7692), each by itself.
//
// The smallest windows: on an event of some hundred bytes larger ones save nothing, and this is
// what a large message that is under way holds.
#pragma once

#include <zlib.h>

#include <string>
#include <string_view>

namespace responses_proxy {

class MessageDeflater {
 public:
  static constexpr int kWindowBits = 9;

  MessageDeflater();
  ~MessageDeflater();
  MessageDeflater(const MessageDeflater&) = delete;
  MessageDeflater& operator=(const MessageDeflater&) = delete;

  // Appends the next piece of a message, as far as it comes out; the last one ends it, and begins
  // the next message.
  void take(std::string_view piece, bool last, std::string& to);

 private:
  z_stream stream_{};
};

}  // namespace responses_proxy
