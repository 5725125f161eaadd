#include "core/content_encoding.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "core/body_limit.h"
#include "responses_proxy/request.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kStep = 64 * 1024;
constexpr std::size_t kMaxEncodings = 3;  // more than anybody means seriously
constexpr int kZstdMaxWindowLog = 27;     // 128 MB: the decoder's memory, whatever the frame says

enum class Outcome { done, malformed, too_large };

Outcome append(std::string& out, const char* data, std::size_t size, std::size_t max_bytes) {
  if (out.size() + size > max_bytes) return Outcome::too_large;
  out.append(data, size);
  return Outcome::done;
}

// window_bits: zlib's way to choose gzip or zlib (15 + 32) or bare deflate (-15).
Outcome inflate_all(std::string_view body, int window_bits, std::size_t max_bytes,
                    std::string& out) {
  z_stream stream{};
  if (inflateInit2(&stream, window_bits) != Z_OK) return Outcome::malformed;
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> closer(&stream, &inflateEnd);
  std::array<char, kStep> buffer;
  // zlib takes its input as non-const and does not change it.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  int status = Z_OK;
  while (status == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    status = inflate(&stream, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END) return Outcome::malformed;
    const Outcome outcome = append(out, buffer.data(), buffer.size() - stream.avail_out, max_bytes);
    if (outcome != Outcome::done) return outcome;
    const bool another_member = status == Z_STREAM_END && stream.avail_in > 0 && window_bits > 15;
    if (another_member) status = inflateReset(&stream);
  }
  return stream.avail_in == 0 ? Outcome::done : Outcome::malformed;
}

// "deflate" means zlib's format; some clients send it bare (RFC 9110 section 8.4.1.2).
Outcome undo_deflate(std::string_view body, std::size_t max_bytes, std::string& out) {
  const Outcome outcome = inflate_all(body, 15 + 32, max_bytes, out);
  if (outcome != Outcome::malformed) return outcome;
  out.clear();
  return inflate_all(body, -15, max_bytes, out);
}

Outcome undo_zstd(std::string_view body, std::size_t max_bytes, std::string& out) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                     &ZSTD_freeDCtx);
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kZstdMaxWindowLog);
  std::vector<char> buffer(ZSTD_DStreamOutSize());
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  std::size_t left = 1;  // 0: a frame is complete
  while (in.pos < in.size || left > 0) {
    const std::size_t before = in.pos;
    ZSTD_outBuffer to{buffer.data(), buffer.size(), 0};
    left = ZSTD_decompressStream(context.get(), &to, &in);
    if (ZSTD_isError(left) != 0) return Outcome::malformed;
    const Outcome outcome = append(out, buffer.data(), to.pos, max_bytes);
    if (outcome != Outcome::done) return outcome;
    if (in.pos == before && to.pos == 0) break;  // cut short
  }
  return left == 0 ? Outcome::done : Outcome::malformed;
}

// The encodings, last one first.
std::vector<std::string_view> encodings_of(std::string_view field) {
  std::vector<std::string_view> names;
  while (!field.empty()) {
    const std::size_t comma = std::min(field.find(','), field.size());
    std::string_view name = field.substr(0, comma);
    field.remove_prefix(std::min(comma + 1, field.size()));
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (!name.empty() && !equals_ignore_case(name, "identity")) names.insert(names.begin(), name);
  }
  return names;
}

std::optional<Outcome> undo(std::string_view encoding, std::string_view body, std::size_t max_bytes,
                            std::string& out) {
  if (equals_ignore_case(encoding, "gzip") || equals_ignore_case(encoding, "x-gzip")) {
    return inflate_all(body, 15 + 16, max_bytes, out);
  }
  if (equals_ignore_case(encoding, "deflate")) return undo_deflate(body, max_bytes, out);
  if (equals_ignore_case(encoding, "zstd")) return undo_zstd(body, max_bytes, out);
  return std::nullopt;
}

}  // namespace

Result<std::string> decode_content(std::string_view encoding, std::string_view body,
                                   std::size_t max_bytes) {
  const std::vector<std::string_view> names = encodings_of(encoding);
  const Error unknown = Error::refused(
      415, "unsupported_content_encoding",
      "The request's Content-Encoding is not known here; gzip, deflate and zstd are.",
      "content-encoding");
  if (names.size() > kMaxEncodings) return unknown;
  std::string decoded(body);
  for (const std::string_view name : names) {
    std::string out;
    const std::optional<Outcome> outcome = undo(name, decoded, max_bytes, out);
    if (!outcome) return unknown;
    if (*outcome == Outcome::malformed) {
      return Error::invalid_request("invalid_content_encoding",
                                    "The request body is not what its Content-Encoding says.",
                                    "content-encoding");
    }
    if (*outcome == Outcome::too_large) {
      return body_too_large(max_bytes, "decoded request body");
    }
    decoded = std::move(out);
  }
  return decoded;
}

}  // namespace responses_proxy
