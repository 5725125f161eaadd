#include "web_socket/frame_writer.h"

#include <algorithm>
#include <utility>

namespace responses_proxy {

namespace {

constexpr std::size_t kBatchBytes = 16 * 1024;  // of small frames; a part that has so much is full

// A message that is compressed at once leaves nothing behind.
MessageDeflater& deflater_of_thread() {
  static thread_local MessageDeflater deflater;
  return deflater;
}

}  // namespace

// ---- what is to be sent ----

void FrameWriter::text(std::string_view text) {
  const bool in_slices = form_.make_key != nullptr || form_.compressed;
  if (in_slices && text.size() > kSliceBytes) return this->text(std::string(text));
  append_text(text);
}

void FrameWriter::text(std::string&& text) {
  const std::size_t size = text.size();
  if (size <= kBatchBytes || (form_.compressed && size <= kSliceBytes)) return append_text(text);
  unsent_bytes_ += size;
  if (form_.compressed) return add({std::move(text), size, Kind::to_deflate});
  const FrameHead head{.key = new_key()};
  append_frame_head(open_part().bytes, head, size);
  add({std::move(text), size, Kind::payload, head.key.value_or(MaskKey{})});
}

void FrameWriter::append_text(std::string_view text) {
  unsent_bytes_ += text.size();
  Part& part = open_part();
  part.text_bytes += text.size();
  if (!form_.compressed) return append_frame(part.bytes, {}, text);
  std::string compressed;
  deflater_of_thread().take(text, true, compressed);
  append_frame(part.bytes, {.compressed = true}, compressed);
}

void FrameWriter::ping() {
  append_control(Opcode::ping, {});
}

void FrameWriter::pong(std::string_view payload) {
  if (empty()) return append_control(Opcode::pong, payload);
  pong_ = payload;
}

void FrameWriter::close(std::uint16_t code, std::string_view reason) {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code)};
  append_control(Opcode::close, payload.append(reason));
}

void FrameWriter::append_control(Opcode opcode, std::string_view payload) {
  append_frame(open_part().bytes, {.opcode = opcode}, payload);
}

std::optional<MaskKey> FrameWriter::new_key() const {
  return form_.make_key == nullptr ? std::nullopt : std::optional(form_.make_key());
}

void FrameWriter::append_frame(std::string& to, FrameHead head, std::string_view payload) const {
  head.key = new_key();
  append_frame_head(to, head, payload.size());
  const std::size_t at = to.size();
  to.append(payload);
  if (head.key) apply_mask(std::span(to).subspan(at), *head.key, 0);
}

// One that frames can be put behind.
FrameWriter::Part& FrameWriter::open_part() {
  const auto is_open = [](const Part& part) {
    return part.kind == Kind::frames && part.bytes.size() < kBatchBytes;
  };
  if (later_.empty()) {
    const bool first = now_.bytes.empty() || (!offered_ && !deflating_ && is_open(now_));
    return first ? now_ : later_.emplace_back();
  }
  return is_open(later_.back()) ? later_.back() : later_.emplace_back();
}

void FrameWriter::add(Part part) {
  later_.push_back(std::move(part));
  if (now_.bytes.empty()) begin_next_part();
}

// A frame that has begun goes on; a message that is being compressed ends where it is.
void FrameWriter::drop_unsent() {
  const std::size_t kept = first_later_ + (frame_goes_on() ? 1 : 0);
  for (std::size_t i = kept; i < later_.size(); ++i) unsent_bytes_ -= later_[i].text_bytes;
  later_.resize(kept);
  forget_sent_parts();
  if (deflating_) unsent_bytes_ -= std::exchange(deflating_, nullptr)->text.size();
  pong_.reset();
}

// ---- what is sent ----

std::string_view FrameWriter::next() {
  offered_ = true;
  std::string_view bytes(now_.bytes);
  if (now_.kind == Kind::payload && form_.make_key != nullptr) {
    if (at_ == masked_) {
      const std::size_t slice = std::min(kSliceBytes, bytes.size() - masked_);
      apply_mask(std::span(now_.bytes).subspan(masked_, slice), now_.key, masked_);
      masked_ += slice;
    }
    bytes = bytes.substr(0, masked_);
  }
  return bytes.substr(at_);
}

void FrameWriter::sent(std::size_t bytes) {
  at_ += bytes;
  if (at_ == now_.bytes.size()) advance();
}

void FrameWriter::advance() {
  unsent_bytes_ -= now_.text_bytes;
  std::string().swap(now_.bytes);  // one that is assigned to keeps its memory, and sockets are many
  now_ = {};
  at_ = masked_ = 0;
  offered_ = false;
  if (pong_ && !frame_goes_on()) {
    append_frame(now_.bytes, {.opcode = Opcode::pong}, *std::exchange(pong_, std::nullopt));
  } else if (deflating_) {
    deflate_slice();
  } else {
    begin_next_part();
  }
}

void FrameWriter::begin_next_part() {
  if (first_later_ == later_.size()) return;
  now_ = std::move(later_[first_later_++]);
  forget_sent_parts();
  if (now_.kind != Kind::to_deflate) return;
  deflating_ = std::make_unique<Deflating>(std::exchange(now_, {}).bytes);
  deflate_slice();
}

// Only the head of the next part's frame has been sent, or stands in now_.
bool FrameWriter::frame_goes_on() const {
  return first_later_ < later_.size() && later_[first_later_].kind == Kind::payload;
}

void FrameWriter::forget_sent_parts() {
  if (first_later_ < later_.size()) return;
  std::vector<Part>().swap(later_);
  first_later_ = 0;
}

// The next frame of a large message; one that would be empty is left out.
void FrameWriter::deflate_slice() {
  Deflating& message = *deflating_;
  const bool first = message.at == 0;
  std::string compressed;
  bool last = false;
  while (compressed.empty()) {
    const std::string_view slice = std::string_view(message.text).substr(message.at, kSliceBytes);
    message.at += slice.size();
    last = message.at == message.text.size();
    message.deflater.take(slice, last, compressed);
  }
  append_frame(
      now_.bytes,
      {.opcode = first ? Opcode::text : Opcode::continuation, .fin = last, .compressed = first},
      compressed);
  if (!last) return;
  now_.text_bytes = message.text.size();
  deflating_ = nullptr;
}

}  // namespace responses_proxy
