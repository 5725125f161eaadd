// RequestHead: the request line and the header fields of a request, read line by line.
//
// Strict where RFC 9112 lets a server choose: what another reader of the same bytes could take for
// something else (two lengths, an unknown coding, a folded line, a bare LF) is an error, after
// which the connection has to end. The work is linear in the bytes, however they are cut: a line
// that has been read is not looked at again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "responses_proxy/request.h"
#include "responses_proxy/result.h"

namespace responses_proxy {

struct RequestHead {
  Request request;  // without body and peer; Host is the target's authority if it has one
  bool http_1_0 = false;
  bool keep_alive = true;
  bool expects_continue = false;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;  // neither: no body
};

class RequestHeadReader {
 public:
  static constexpr std::size_t kMaxFields = 200;
  static constexpr int kMaxEmptyLines = 8;  // before the request line

  explicit RequestHeadReader(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // Takes whole lines from the front of `bytes` and returns their length; what is left is to be
  // offered again, with more behind it. Error: 400, 431 (too many bytes or fields), 505.
  Result<std::size_t> read(std::string_view bytes);
  // The request line has been read.
  bool begun() const { return !head_.request.method.empty(); }
  bool done() const { return done_; }
  // Once, when done.
  RequestHead take() { return std::move(head_); }

 private:
  std::optional<Error> on_line(std::string_view line);
  std::optional<Error> on_request_line(std::string_view line);
  std::optional<Error> on_field(const Header& field);
  std::optional<Error> on_end();

  const std::size_t max_bytes_;
  RequestHead head_;
  bool done_ = false;
  std::size_t bytes_ = 0;    // of the lines read
  std::size_t scanned_ = 0;  // of the line that is not complete yet
  int empty_lines_ = 0;
  std::string authority_;  // of an absolute-form
  int hosts_ = 0;
  int codings_ = 0;
  bool close_ = false;
  bool keep_ = false;
};

}  // namespace responses_proxy
