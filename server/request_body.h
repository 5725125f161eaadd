// RequestBodyReader: the body of a request, by its length or in chunks (RFC 9112 sections 6 and 7).
//
// Chunk extensions and trailer fields are read, bounded and dropped: nothing behind the head
// becomes a header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "responses_proxy/result.h"
#include "server/request_head.h"

namespace responses_proxy {

class RequestBodyReader {
 public:
  static constexpr std::size_t kMaxLine = 4 * 1024;      // a chunk's size line, or a trailer field
  static constexpr std::size_t kMaxDropped = 16 * 1024;  // extensions and trailers together

  RequestBodyReader(const RequestHead& head, std::uint64_t max_bytes);

  // Takes what belongs to the body from the front of `bytes` and returns its length. Error: 400 for
  // broken chunks; 413 as soon as the body is known to be too large, before any of it has come.
  Result<std::size_t> read(std::string_view bytes);
  // Where more of a body with a length can be read to without being copied; "": nowhere. What it
  // has in front of it has been read, and read() is not called any more.
  std::span<char> room();
  // So many bytes have come there.
  void filled(std::size_t bytes);
  bool done() const { return state_ == State::done; }
  // Once, when done.
  std::string take() { return std::move(body_); }

 private:
  enum class State : std::uint8_t { size, data, data_end, trailer, done };

  void make_room(std::uint64_t bytes);
  std::size_t take_data(std::string_view bytes);
  Result<std::size_t> take_line(std::string_view bytes);
  std::optional<Error> on_line(std::string_view line);
  std::optional<Error> on_size(std::string_view line);
  std::optional<Error> drop(std::size_t bytes);

  const std::uint64_t max_bytes_;
  const bool chunked_;
  State state_;
  std::uint64_t left_ = 0;  // of the chunk, or of the body
  std::string line_;        // read so far
  std::size_t dropped_ = 0;
  std::string body_;
  std::size_t room_ = 0;  // of it, at its end
};

}  // namespace responses_proxy
