// ContentDecoder: takes one content coding (RFC 9110, 8.4.1) off a body that comes piece by piece.
//
// Role       gzip, deflate and zstd.
// Errors     A value; what has been put out before may have been good.
// Limits     The caller's buffer bounds what comes out at once. zlib keeps 32 KB, zstd what a frame
//            asks for, at most 128 MB.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace responses_proxy {

inline constexpr std::array<std::string_view, 4> kContentCodings = {"gzip", "x-gzip", "deflate",
                                                                    "zstd"};

class ContentDecoder {
 public:
  virtual ~ContentDecoder() = default;
  // Takes from the front of `in` and puts out at most out.size() bytes: how many. 0: `in` is used
  // up, and more is needed. Nothing: the bytes are not what their coding says.
  virtual std::optional<std::size_t> decode(std::string_view& in, std::span<char> out) = 0;
  // What has come so far is whole.
  virtual bool complete() const = 0;
};

// Of one of kContentCodings, in whatever case; null: another one.
std::unique_ptr<ContentDecoder> make_content_decoder(std::string_view coding);

}  // namespace responses_proxy
