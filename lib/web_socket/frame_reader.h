// FrameReader: the bytes of a WebSocket's peer, taken apart: messages and control frames (RFC 6455,
// RFC 7692).
//
// Role       It is asked for the next thing as long as there is one. The mask is taken off where
// the
//            bytes stand, and a text that is all there is not copied.
// Errors     Found::broken, with the code to close with and the reason.
// Limits     Messages of Rules::max_message_bytes, after decompression; control frames of
//            kMaxControlBytes. Holds no more than the message, or the frame, that is not complete.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "web_socket/frame.h"
#include "web_socket/message_inflater.h"
#include "web_socket/utf8_check.h"

namespace responses_proxy {

class FrameReader {
 public:
  enum class Found : std::uint8_t {
    more,    // all bytes are used
    text,    // a whole message
    binary,  // one has begun; its bytes will be passed over
    ping,
    pong,
    close,
    broken,  // nothing that follows can be read
  };
  struct Rules {
    bool masked;      // the peer is a client
    bool compressed;  // messages may be
    std::size_t max_message_bytes;
  };

  explicit FrameReader(const Rules& rules) : rules_(rules) {}

  // Takes from the front of `bytes`, and changes them.
  Found next(std::span<char>& bytes);

  // Of a text, a ping and a pong; valid until the next call, and for as long as the bytes are.
  std::string_view payload() const { return payload_; }
  // The same text, moved where it can be.
  std::string take_text();
  // Of a close frame, kNoCode without one; after broken: the one to close with.
  std::uint16_t close_code() const { return close_code_; }
  // The peer's words, valid as payload(); after broken: what is wrong.
  std::string_view close_reason() const { return payload_; }
  // A message has begun, or a frame.
  bool is_inside() const { return message_open_ || in_frame_ || head_bytes_ > 0; }

  static constexpr std::uint16_t kNoCode = 1005;

 private:
  static constexpr std::size_t kMaxHeadBytes = 14;

  void let_go();
  bool take_head(std::span<char>& bytes);
  std::size_t head_length() const;
  std::uint64_t payload_length() const;
  Found begin_frame();
  Found begin_data(std::uint8_t reserved);
  Found begin_control(std::uint8_t reserved);
  std::span<char> take_payload(std::span<char>& bytes);
  Found read_control(std::span<char>& bytes);
  Found end_control();
  Found end_close();
  Found read_data(std::span<char>& bytes);
  Found take_text_piece(std::string_view piece);
  Found inflate(std::string_view piece);
  Found end_message();
  Found judge(MessageInflater::Result result);
  Found refuse(std::uint16_t code, std::string_view reason);

  const Rules rules_;

  // The frame.
  std::array<std::uint8_t, kMaxHeadBytes> head_{};
  std::uint8_t head_bytes_ = 0;  // of it, so far
  bool in_frame_ = false;
  bool fin_ = false;
  Opcode opcode_ = Opcode::text;
  MaskKey key_{};
  std::uint64_t length_ = 0;
  std::uint64_t left_ = 0;
  std::string control_;  // of a control frame that comes in pieces

  // The message.
  bool message_open_ = false;
  bool passes_over_ = false;
  Utf8Check utf8_;
  std::unique_ptr<MessageInflater> inflater_;  // of a compressed one
  std::string message_;                        // unless it is all there

  // What was found.
  std::string_view payload_;
  std::uint16_t close_code_ = 0;
};

}  // namespace responses_proxy
