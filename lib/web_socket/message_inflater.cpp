#include "web_socket/message_inflater.h"

#include <algorithm>
#include <array>
#include <climits>
#include <new>

namespace responses_proxy {

namespace {

constexpr std::size_t kOutBytes = 8 * 1024;
constexpr int kRaw = -1;  // no header of zlib's
// Section 7.2.2: an empty block, which the sender has left out.
constexpr std::string_view kEnd("\x00\x00\xff\xff", 4);
constexpr int kBetweenBlocks = 128;  // zlib's mark in data_type

}  // namespace

MessageInflater::MessageInflater() {
  if (inflateInit2(&stream_, kRaw * kWindowBits) != Z_OK) throw std::bad_alloc();
}

MessageInflater::~MessageInflater() {
  inflateEnd(&stream_);
}

MessageInflater::Result MessageInflater::take(std::string_view piece, std::string& to,
                                              std::size_t max_bytes) {
  std::array<char, kOutBytes> out;
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  stream_.avail_in = static_cast<uInt>(piece.size());  // a piece of a read
  do {
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    const int result = inflate(&stream_, Z_SYNC_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) return Result::corrupt;
    const std::size_t got = out.size() - stream_.avail_out;
    if (to.size() + got > max_bytes) return Result::too_large;
    to.append(out.data(), got);
    // Section 7.2.3.4: a block that says it is the last one is not the message's end.
    if (result == Z_STREAM_END) inflateReset(&stream_);
    if (result == Z_BUF_ERROR) break;
  } while (stream_.avail_in > 0 || stream_.avail_out == 0);
  return Result::good;
}

MessageInflater::Result MessageInflater::end(std::string& to, std::size_t max_bytes) {
  const Result result = take(kEnd, to, max_bytes);
  if (result != Result::good) return result;
  return (stream_.data_type & kBetweenBlocks) != 0 ? Result::good : Result::corrupt;
}

}  // namespace responses_proxy
