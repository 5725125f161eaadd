#include "web_socket/message_deflater.h"

#include <array>
#include <new>

namespace responses_proxy {

namespace {

constexpr std::size_t kOutBytes = 8 * 1024;
constexpr int kRaw = -1;  // no header of zlib's
constexpr int kLevel = 1;
constexpr int kMemory = 1;
// Of the empty block at the end, which is not sent.
constexpr std::size_t kEndBytes = 4;

}  // namespace

MessageDeflater::MessageDeflater() {
  if (deflateInit2(&stream_, kLevel, Z_DEFLATED, kRaw * kWindowBits, kMemory, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw std::bad_alloc();
  }
}

MessageDeflater::~MessageDeflater() {
  deflateEnd(&stream_);
}

void MessageDeflater::take(std::string_view piece, bool last, std::string& to) {
  std::array<char, kOutBytes> out;
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  stream_.avail_in = static_cast<uInt>(piece.size());  // a slice
  do {
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    deflate(&stream_, last ? Z_SYNC_FLUSH : Z_NO_FLUSH);
    to.append(out.data(), out.size() - stream_.avail_out);
  } while (stream_.avail_out == 0);
  if (!last) return;
  to.resize(to.size() - kEndBytes);
  deflateReset(&stream_);
}

}  // namespace responses_proxy
