#include "core/content_decoder.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>
#include <new>
#include <string>

#include "responses_proxy/headers.h"

namespace responses_proxy {

namespace {

constexpr int kZstdMaxWindowLog = 27;  // 128 MB: the decoder's memory, whatever the frame says
// zlib's way to choose a format.
constexpr int kGzip = 15 + 16;
constexpr int kZlib = 15;
constexpr int kBare = -15;

// "deflate" means zlib's format; some send it bare (RFC 9110, 8.4.1.2), some mean gzip. The first
// two bytes tell.
constexpr std::size_t kTellingBytes = 2;
int format_of(std::string_view head) {
  const auto first = static_cast<unsigned char>(head[0]);
  const auto second = static_cast<unsigned char>(head[1]);
  if (first == 0x1f && second == 0x8b) return kGzip;
  const bool zlib = (first & 0x0f) == 8 && (first >> 4) <= 7 && (first * 256 + second) % 31 == 0;
  return zlib ? kZlib : kBare;
}

class Inflater final : public ContentDecoder {
 public:
  explicit Inflater(bool gzip) {
    if (gzip) begin(kGzip);
  }
  ~Inflater() override {
    if (format_ != 0) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  std::optional<std::size_t> decode(std::string_view& in, std::span<char> out) override {
    if (format_ == 0 && !find_format(in)) return 0;
    if (!head_.empty()) {
      std::string_view head = head_;
      const auto from_head = inflate_some(head, out);
      head_.erase(0, head_.size() - head.size());
      if (!from_head || *from_head > 0) return from_head;
    }
    return inflate_some(in, out);
  }
  bool complete() const override { return ended_ && head_.empty(); }

 private:
  void begin(int format) {
    if (inflateInit2(&stream_, format) != Z_OK) throw std::bad_alloc();
    format_ = format;
  }

  bool find_format(std::string_view& in) {
    const std::size_t taken = std::min(in.size(), kTellingBytes - head_.size());
    head_.append(in.substr(0, taken));
    in.remove_prefix(taken);
    if (head_.size() < kTellingBytes) return false;
    begin(format_of(head_));
    return true;
  }

  std::optional<std::size_t> inflate_some(std::string_view& in, std::span<char> out) {
    std::size_t made = 0;
    do {
      if (ended_ && in.empty()) return 0;
      if (ended_ && !next_member()) return std::nullopt;
      // zlib takes its input as non-const and does not change it.
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
      stream_.avail_in = at_most(in.size());
      stream_.next_out = reinterpret_cast<Bytef*>(out.data());
      stream_.avail_out = at_most(out.size());
      const uInt given = stream_.avail_in;
      const uInt room = stream_.avail_out;
      const int status = inflate(&stream_, Z_NO_FLUSH);
      ended_ = status == Z_STREAM_END;
      if (!ended_ && status != Z_OK && status != Z_BUF_ERROR) return std::nullopt;
      in.remove_prefix(given - stream_.avail_in);
      made = room - stream_.avail_out;
    } while (made == 0 && !in.empty());
    return made;
  }

  // gzip files may stand one behind the other.
  bool next_member() { return format_ != kBare && inflateReset(&stream_) == Z_OK; }

  static uInt at_most(std::size_t size) {
    return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
  }

  z_stream stream_{};
  int format_ = 0;    // not known yet
  std::string head_;  // the bytes that tell it, until they are inflated
  bool ended_ = false;
};

class Unzstd final : public ContentDecoder {
 public:
  Unzstd() : context_(ZSTD_createDCtx(), &ZSTD_freeDCtx) {
    if (!context_) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kZstdMaxWindowLog);
  }

  std::optional<std::size_t> decode(std::string_view& in, std::span<char> out) override {
    if (in.empty() && left_ == 0) return 0;  // between two frames
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    std::size_t before = 0;
    do {
      before = from.pos;
      left_ = ZSTD_decompressStream(context_.get(), &to, &from);
      if (ZSTD_isError(left_) != 0) return std::nullopt;
    } while (to.pos == 0 && from.pos > before && from.pos < from.size);
    in.remove_prefix(from.pos);
    return to.pos;
  }
  bool complete() const override { return left_ == 0; }

 private:
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context_;
  std::size_t left_ = 1;  // 0: a frame is complete
};

}  // namespace

std::unique_ptr<ContentDecoder> make_content_decoder(std::string_view coding) {
  const auto is = [coding](std::string_view name) { return equals_ignore_case(coding, name); };
  if (is("gzip") || is("x-gzip")) return std::make_unique<Inflater>(true);
  if (is("deflate")) return std::make_unique<Inflater>(false);
  if (is("zstd")) return std::make_unique<Unzstd>();
  return nullptr;
}

}  // namespace responses_proxy
