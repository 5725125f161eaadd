#include "server/request_body.h"

#include <algorithm>
#include <charconv>

#include "core/body_limit.h"
#include "server/http_syntax.h"

namespace responses_proxy {

namespace {

// Of an announced length at once; the rest when that much has come: what has only been announced
// costs nothing, and a large body is not copied from one buffer to the next while it grows.
constexpr std::uint64_t kReserve = 64 * 1024;
// Room is filled with zeros before a byte has come: at first for no more than this, then for some
// times as much as has come.
constexpr std::uint64_t kFirstRoom = 16 * 1024;

Error bad_chunk() {
  return malformed_request("its body is not in chunks as announced");
}

}  // namespace

RequestBodyReader::RequestBodyReader(const RequestHead& head, std::uint64_t max_bytes)
    : max_bytes_(max_bytes),
      chunked_(head.chunked),
      state_(head.chunked ? State::size : State::data),
      left_(head.content_length.value_or(0)) {
  if (state_ == State::data && left_ == 0) state_ = State::done;
  body_.reserve(static_cast<std::size_t>(std::min({left_, max_bytes, kReserve})));
}

Result<std::size_t> RequestBodyReader::read(std::string_view bytes) {
  if (left_ > max_bytes_) return body_too_large(max_bytes_);
  std::size_t taken = 0;
  while (taken < bytes.size() && state_ != State::done) {
    if (state_ == State::data) {
      taken += take_data(bytes.substr(taken));
      continue;
    }
    const auto line = take_line(bytes.substr(taken));
    if (!line) return line.error();
    taken += *line;
  }
  return taken;
}

void RequestBodyReader::make_room(std::uint64_t bytes) {
  if (body_.size() < kReserve && body_.size() + bytes >= kReserve) {
    body_.reserve(body_.size() + static_cast<std::size_t>(std::min(left_, max_bytes_)));
  }
}

std::span<char> RequestBodyReader::room() {
  if (chunked_ || done() || left_ > max_bytes_) return {};
  if (room_ == 0) {
    const std::uint64_t wanted = std::clamp<std::uint64_t>(4 * body_.size(), kFirstRoom, kReserve);
    room_ = static_cast<std::size_t>(std::min(left_, wanted));
    make_room(room_);
    body_.resize(body_.size() + room_);
  }
  return {body_.data() + body_.size() - room_, room_};
}

void RequestBodyReader::filled(std::size_t bytes) {
  room_ -= bytes;
  left_ -= bytes;
  if (left_ == 0) state_ = State::done;
}

std::size_t RequestBodyReader::take_data(std::string_view bytes) {
  const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  make_room(length);
  body_.append(bytes.substr(0, length));
  left_ -= length;
  if (left_ == 0) state_ = chunked_ ? State::data_end : State::done;
  return length;
}

Result<std::size_t> RequestBodyReader::take_line(std::string_view bytes) {
  const std::size_t end = bytes.find('\n');
  const std::size_t length = end == std::string_view::npos ? bytes.size() : end + 1;
  if (line_.size() + length > kMaxLine) return bad_chunk();
  line_.append(bytes.substr(0, length));
  // Said at once: a client that has sent more data than announced may be waiting for the answer.
  if (state_ == State::data_end && !std::string_view("\r\n").starts_with(line_)) return bad_chunk();
  if (end == std::string_view::npos) return length;
  if (!line_.ends_with("\r\n")) return bad_chunk();
  line_.resize(line_.size() - 2);
  if (auto error = on_line(line_)) return std::move(*error);
  line_.clear();
  return length;
}

std::optional<Error> RequestBodyReader::on_line(std::string_view line) {
  if (state_ == State::size) return on_size(line);
  if (state_ == State::data_end) {
    state_ = State::size;
    return std::nullopt;
  }
  if (line.empty()) {
    state_ = State::done;
    return std::nullopt;
  }
  if (!parse_field_line(line)) return malformed_request("a trailer line is not \"name: value\"");
  return drop(line.size());
}

std::optional<Error> RequestBodyReader::on_size(std::string_view line) {
  const std::size_t digits = std::min(line.find(';'), line.size());
  std::uint64_t size = 0;
  const auto [end, code] = std::from_chars(line.data(), line.data() + digits, size, 16);
  if (code != std::errc() || end != line.data() + digits) return bad_chunk();
  const std::string_view extension = line.substr(digits);
  if (std::any_of(extension.begin(), extension.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == '\x7f';
      })) {
    return bad_chunk();
  }
  if (size > max_bytes_ - body_.size()) return body_too_large(max_bytes_);
  left_ = size;
  state_ = size == 0 ? State::trailer : State::data;
  return drop(extension.size());
}

std::optional<Error> RequestBodyReader::drop(std::size_t bytes) {
  dropped_ += bytes;
  if (dropped_ > kMaxDropped)
    return malformed_request("its chunk extensions and trailers are too long");
  return std::nullopt;
}

}  // namespace responses_proxy
