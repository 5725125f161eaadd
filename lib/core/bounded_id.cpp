#include "core/bounded_id.h"

#include "core/sha256.h"

namespace responses_proxy {

namespace {

std::string_view cut(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  return text.substr(0, bytes);
}

}  // namespace

std::string bounded_id(std::string_view id) {
  if (id.size() <= kMaxIdBytes) return std::string(id);
  const std::string digest = "~" + sha256_hex(id);
  return std::string(cut(id, kMaxIdBytes - digest.size())) + digest;
}

std::string bounded_label(std::string_view text) {
  return std::string(cut(text, kMaxIdBytes));
}

}  // namespace responses_proxy
