#include "upstream/native/chunked_body.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <cassert>
#include <utility>

namespace responses_proxy {

namespace http = boost::beast::http;

namespace {

// Fields and lengths are read elsewhere, by rules of our own: all that Beast is told of the head is
// that chunks follow.
constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

}  // namespace

ChunkedBody::ChunkedBody() {
  body_limit(boost::none);
  ErrorCode error;
  put(boost::asio::buffer(kHead), error);
  assert(!error && is_header_done());
}

ChunkedBody::Found ChunkedBody::next(std::string_view& bytes, std::string_view& piece) {
  for (;;) {
    piece_ = {};
    ErrorCode error;
    const std::size_t used = put(boost::asio::buffer(bytes), error);
    bytes.remove_prefix(used);
    if (is_done()) return Found::end;
    if (!piece_.empty()) {
      piece = piece_;
      return Found::piece;
    }
    if (error && error != http::error::need_more) return Found::broken;
    if (error || used == 0) return bytes.size() > kMaxLineBytes ? Found::broken : Found::more;
  }
}

std::size_t ChunkedBody::on_chunk_body_impl(std::uint64_t, Text bytes, ErrorCode&) {
  piece_ = {bytes.data(), bytes.size()};
  return bytes.size();
}

}  // namespace responses_proxy
