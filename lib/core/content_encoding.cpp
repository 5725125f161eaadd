#include "core/content_encoding.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "core/body_limit.h"
#include "core/content_decoder.h"
#include "responses_proxy/request.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kStep = 64 * 1024;
constexpr std::size_t kMaxEncodings = 3;  // more than anybody means seriously

enum class Outcome { done, malformed, too_large };

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

// `max_bytes` holds for what each of several encodings brings: none of them can be a bomb.
Outcome undo(ContentDecoder& decoder, std::string_view body, std::size_t max_bytes,
             std::string& out) {
  std::array<char, kStep> buffer;
  for (;;) {
    const std::optional<std::size_t> made = decoder.decode(body, buffer);
    if (!made) return Outcome::malformed;
    if (*made == 0) return decoder.complete() ? Outcome::done : Outcome::malformed;
    if (out.size() + *made > max_bytes) return Outcome::too_large;
    out.append(buffer.data(), *made);
  }
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
    const auto decoder = make_content_decoder(name);
    if (!decoder) return unknown;
    const Outcome outcome = undo(*decoder, decoded, max_bytes, out);
    if (outcome == Outcome::malformed) {
      return Error::invalid_request("invalid_content_encoding",
                                    "The request body is not what its Content-Encoding says.",
                                    "content-encoding");
    }
    if (outcome == Outcome::too_large) {
      return body_too_large(max_bytes, "decoded request body");
    }
    decoded = std::move(out);
  }
  return decoded;
}

}  // namespace responses_proxy
