// FrameWriter: what goes to a WebSocket's peer: messages and control frames in the order in which
// they are to be sent, as bytes.
//
// Role       Small messages that wait are put together, so that one write takes them all. A large
// one
//            is masked or compressed slice by slice, when its turn has come: nothing else on the
//            loop waits for all of it.
// Limits     Holds what it is given: who gives it looks at unsent_bytes(). Of pongs that wait only
//            the last one is kept (RFC 6455 section 5.5.3). Once all is sent it holds nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "web_socket/frame.h"
#include "web_socket/message_deflater.h"

namespace responses_proxy {

class FrameWriter {
 public:
  struct Form {
    MaskKey (*make_key)() = nullptr;  // a client's; null: a server's frames, which have no mask
    bool compressed = false;
  };
  // Messages beyond it are masked or compressed in slices of that size.
  static constexpr std::size_t kSliceBytes = 64 * 1024;

  explicit FrameWriter(const Form& form) : form_(form) {}

  // Before everything else: a handshake.
  void raw(std::string bytes) { now_.bytes = std::move(bytes); }
  void text(std::string_view text);
  void text(std::string&& text);
  void ping();
  void pong(std::string_view payload);
  void close(std::uint16_t code, std::string_view reason = {});
  // Takes back what nothing has been offered of.
  void drop_unsent();

  bool empty() const { return now_.bytes.empty(); }
  // Of texts, each until all of it is sent.
  std::size_t unsent_bytes() const { return unsent_bytes_; }
  // What is to be sent next, unless all is: the same bytes again until they are sent.
  std::string_view next();
  // The first of them have been taken.
  void sent(std::size_t bytes);

 private:
  enum class Kind : std::uint8_t {
    frames,      // as they are sent
    payload,     // of a frame whose head stands before it; to be masked
    to_deflate,  // a text
  };
  struct Part {
    std::string bytes = {};
    std::size_t text_bytes = 0;  // that are unsent until it is sent
    Kind kind = Kind::frames;
    MaskKey key = {};
  };
  // A large message on its way.
  struct Deflating {
    explicit Deflating(std::string whole) : text(std::move(whole)) {}
    const std::string text;
    std::size_t at = 0;
    MessageDeflater deflater;
  };

  std::optional<MaskKey> new_key() const;
  Part& open_part();
  void add(Part part);
  void append_frame(std::string& to, FrameHead head, std::string_view payload) const;
  void append_control(Opcode opcode, std::string_view payload);
  void append_text(std::string_view text);
  void advance();
  void begin_next_part();
  bool frame_goes_on() const;
  void forget_sent_parts();
  void deflate_slice();

  const Form form_;
  Part now_;
  std::size_t at_ = 0;      // of now_, sent
  std::size_t masked_ = 0;  // of now_, if it is to be
  bool offered_ = false;    // now_: nothing may be put behind it
  std::vector<Part> later_;
  std::size_t first_later_ = 0;  // those before are gone
  std::unique_ptr<Deflating> deflating_;
  std::optional<std::string> pong_;  // that waits for the next frame's end
  std::size_t unsent_bytes_ = 0;
};

}  // namespace responses_proxy
