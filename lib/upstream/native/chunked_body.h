// ChunkedBody: where the chunks of a body are (RFC 9112, 7.1). Beast reads them.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace responses_proxy {

class ChunkedBody final : private boost::beast::http::basic_parser<false> {
 public:
  // A chunk's line with its extensions; all trailers together.
  static constexpr std::size_t kMaxLineBytes = 16 * 1024;

  enum class Found : std::uint8_t { more, piece, end, broken };

  ChunkedBody();

  // What comes next in `bytes`, which it is taken from. more: what is left in `bytes` is to stand
  // in front of what comes next.
  Found next(std::string_view& bytes, std::string_view& piece);

 private:
  using Text = boost::beast::string_view;
  using ErrorCode = boost::beast::error_code;

  void on_request_impl(boost::beast::http::verb, Text, Text, int, ErrorCode&) override {}
  void on_response_impl(int, Text, int, ErrorCode&) override {}
  void on_field_impl(boost::beast::http::field, Text, Text, ErrorCode&) override {}
#if BOOST_BEAST_VERSION >= 359
  void on_trailer_field_impl(boost::beast::http::field, Text, Text, ErrorCode&) override {}
#endif
  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(Text, ErrorCode&) override {
    return 0;
  }
  void on_chunk_header_impl(std::uint64_t, Text, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, ErrorCode&) override;
  void on_finish_impl(ErrorCode&) override {}

  std::string_view piece_;
};

}  // namespace responses_proxy
