#include "web_socket/frame_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "responses_proxy/web_socket.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kShortHead = 2;  // without a longer length and a mask

bool is_known(Opcode opcode) {
  switch (opcode) {
    case Opcode::continuation:
    case Opcode::text:
    case Opcode::binary:
    case Opcode::close:
    case Opcode::ping:
    case Opcode::pong:
      return true;
  }
  return false;
}

}  // namespace

FrameReader::Found FrameReader::next(std::span<char>& bytes) {
  let_go();
  for (;;) {
    Found found = Found::more;
    if (!in_frame_) {
      if (!take_head(bytes)) return Found::more;
      found = begin_frame();
      if (found != Found::more) return found;
    }
    found = is_control(opcode_) ? read_control(bytes) : read_data(bytes);
    if (found != Found::more || in_frame_) return found;
  }
}

// Of what was found last.
void FrameReader::let_go() {
  payload_ = {};
  // One that is assigned to keeps its memory, and sockets are many.
  if (!message_open_) std::string().swap(message_);
  if (!in_frame_) std::string().swap(control_);
}

std::string FrameReader::take_text() {
  if (!message_.empty()) return std::exchange(message_, {});
  return std::string(payload_);
}

FrameReader::Found FrameReader::refuse(std::uint16_t code, std::string_view reason) {
  close_code_ = code;
  payload_ = reason;
  return Found::broken;
}

// ---- the head of a frame ----

std::size_t FrameReader::head_length() const {
  if (head_bytes_ < kShortHead) return kShortHead;
  const std::uint8_t length = head_[1] & kLengthBits;
  std::size_t bytes = kShortHead;
  if (length == kLengthIn2) bytes += 2;
  if (length == kLengthIn8) bytes += 8;
  return (head_[1] & kMasked) != 0 ? bytes + key_.size() : bytes;
}

bool FrameReader::take_head(std::span<char>& bytes) {
  while (head_bytes_ < head_length()) {
    if (bytes.empty()) return false;
    head_[head_bytes_++] = static_cast<std::uint8_t>(bytes.front());
    bytes = bytes.subspan(1);
  }
  return true;
}

std::uint64_t FrameReader::payload_length() const {
  const std::uint8_t length = head_[1] & kLengthBits;
  if (length < kLengthIn2) return length;
  std::uint64_t number = 0;
  const std::size_t end = kShortHead + (length == kLengthIn2 ? 2 : 8);
  for (std::size_t i = kShortHead; i < end; ++i) number = number << 8 | head_[i];
  return number;
}

FrameReader::Found FrameReader::begin_frame() {
  opcode_ = static_cast<Opcode>(head_[0] & kOpcodeBits);
  fin_ = (head_[0] & kFin) != 0;
  length_ = left_ = payload_length();
  in_frame_ = true;
  const bool masked = (head_[1] & kMasked) != 0;
  if (masked) std::copy_n(head_.begin() + head_bytes_ - key_.size(), key_.size(), key_.begin());
  head_bytes_ = 0;
  if (!is_known(opcode_)) return refuse(close_code::kProtocolError, "an unknown opcode");
  if (masked != rules_.masked) {
    return refuse(close_code::kProtocolError,
                  masked ? "a frame with a mask" : "a frame without a mask");
  }
  const std::uint8_t length = head_[1] & kLengthBits;
  if ((length == kLengthIn2 && length_ < kLengthIn2) ||
      (length == kLengthIn8 && length_ < kFirstLengthIn8)) {
    return refuse(close_code::kProtocolError, "a length in more bytes than it needs");
  }
  const std::uint8_t reserved = head_[0] & (kRsv1 | kOtherReserved);
  return is_control(opcode_) ? begin_control(reserved) : begin_data(reserved);
}

FrameReader::Found FrameReader::begin_control(std::uint8_t reserved) {
  if (reserved != 0) return refuse(close_code::kProtocolError, "reserved bits are set");
  if (!fin_) return refuse(close_code::kProtocolError, "a control frame in fragments");
  if (length_ > kMaxControlBytes) {
    return refuse(close_code::kProtocolError, "a control frame that is too long");
  }
  return Found::more;
}

FrameReader::Found FrameReader::begin_data(std::uint8_t reserved) {
  const bool continues = opcode_ == Opcode::continuation;
  if (continues != message_open_) {
    return refuse(close_code::kProtocolError, continues ? "a fragment that continues no message"
                                                        : "a message inside a message");
  }
  const bool compressed = reserved == kRsv1 && rules_.compressed && !continues;
  if (reserved != 0 && !compressed) {
    return refuse(close_code::kProtocolError, "reserved bits are set");
  }
  if (!continues) {
    message_open_ = true;
    utf8_ = {};
    passes_over_ = opcode_ == Opcode::binary;
    if (passes_over_) return Found::binary;
    if (compressed) inflater_ = std::make_unique<MessageInflater>();
  }
  // What is compressed shows its length later. The sum cannot overflow: the first is within bounds.
  if (!passes_over_ && !inflater_ && length_ > rules_.max_message_bytes - message_.size()) {
    return refuse(close_code::kTooBig, "a message that is too long");
  }
  return Found::more;
}

// ---- its payload ----

// As much of it as is there.
std::span<char> FrameReader::take_payload(std::span<char>& bytes) {
  const auto piece = bytes.first(std::min<std::uint64_t>(left_, bytes.size()));
  if (rules_.masked) apply_mask(piece, key_, (length_ - left_) % key_.size());
  left_ -= piece.size();
  bytes = bytes.subspan(piece.size());
  in_frame_ = left_ > 0;
  return piece;
}

FrameReader::Found FrameReader::read_control(std::span<char>& bytes) {
  const auto piece = take_payload(bytes);
  payload_ = {piece.data(), piece.size()};
  if (piece.size() < length_) {
    control_.append(payload_);
    payload_ = control_;
  }
  return in_frame_ ? Found::more : end_control();
}

FrameReader::Found FrameReader::end_control() {
  if (opcode_ == Opcode::ping) return Found::ping;
  return opcode_ == Opcode::pong ? Found::pong : end_close();
}

FrameReader::Found FrameReader::end_close() {
  close_code_ = kNoCode;
  if (payload_.empty()) return Found::close;
  if (payload_.size() == 1) {
    return refuse(close_code::kProtocolError, "a close frame with half a code");
  }
  const auto byte = [this](std::size_t i) { return static_cast<unsigned char>(payload_[i]); };
  close_code_ = static_cast<std::uint16_t>(byte(0) << 8 | byte(1));
  payload_.remove_prefix(2);
  if (!is_close_code(close_code_)) {
    return refuse(close_code::kProtocolError, "a close frame with a code that is none");
  }
  if (!simdjson::validate_utf8(payload_.data(), payload_.size())) {
    return refuse(close_code::kProtocolError, "a close frame whose reason is not UTF-8");
  }
  return Found::close;
}

FrameReader::Found FrameReader::read_data(std::span<char>& bytes) {
  const auto taken = take_payload(bytes);
  if (!passes_over_) {
    const std::string_view piece(taken.data(), taken.size());
    const Found found = inflater_ ? inflate(piece) : take_text_piece(piece);
    if (found != Found::more) return found;
  }
  return in_frame_ || !fin_ ? Found::more : end_message();
}

FrameReader::Found FrameReader::take_text_piece(std::string_view piece) {
  if (!utf8_.take(piece)) return refuse(close_code::kInvalidText, "a text that is not UTF-8");
  if (message_.empty() && !in_frame_ && fin_) {
    payload_ = piece;
  } else {
    message_.append(piece);
  }
  return Found::more;
}

FrameReader::Found FrameReader::inflate(std::string_view piece) {
  const std::size_t before = message_.size();
  const Found found = judge(inflater_->take(piece, message_, rules_.max_message_bytes));
  if (found != Found::more) return found;
  if (utf8_.take(std::string_view(message_).substr(before))) return Found::more;
  return refuse(close_code::kInvalidText, "a text that is not UTF-8");
}

FrameReader::Found FrameReader::judge(MessageInflater::Result result) {
  switch (result) {
    case MessageInflater::Result::good:
      return Found::more;
    case MessageInflater::Result::too_large:
      return refuse(close_code::kTooBig, "a message that is too long");
    case MessageInflater::Result::corrupt:
      break;
  }
  return refuse(close_code::kInvalidText, "a message that is not compressed as it says");
}

FrameReader::Found FrameReader::end_message() {
  message_open_ = false;
  if (passes_over_) return Found::more;
  if (const auto inflater = std::exchange(inflater_, nullptr)) {
    const std::size_t before = message_.size();
    const Found found = judge(inflater->end(message_, rules_.max_message_bytes));
    if (found != Found::more) return found;
    if (!utf8_.take(std::string_view(message_).substr(before))) {
      return refuse(close_code::kInvalidText, "a text that is not UTF-8");
    }
  }
  if (!utf8_.complete()) {
    return refuse(close_code::kInvalidText, "a text that ends inside a character");
  }
  if (!message_.empty()) payload_ = message_;
  return Found::text;
}

}  // namespace responses_proxy
