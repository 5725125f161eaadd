#include "core/base64.h"

#include <openssl/evp.h>

#include <algorithm>

namespace responses_proxy {

namespace {

constexpr std::size_t kGroup = 4;  // characters, for three bytes

const unsigned char* as_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string base64(std::string_view bytes) {
  std::string text(kGroup * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), as_bytes(bytes),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string base64url(std::string_view bytes) {
  std::string text = base64(bytes);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(std::min(text.find('='), text.size()));
  return text;
}

std::optional<std::string> base64_decoded(std::string_view text) {
  std::string plain(text.substr(0, std::min(text.find('='), text.size())));
  const std::size_t padding = text.size() - plain.size();
  if (text.find_first_not_of('=', plain.size()) != std::string_view::npos) return std::nullopt;
  const std::size_t missing = (kGroup - plain.size() % kGroup) % kGroup;
  if (missing == 3 || (padding != 0 && padding != missing)) return std::nullopt;
  std::replace(plain.begin(), plain.end(), '-', '+');
  std::replace(plain.begin(), plain.end(), '_', '/');
  plain.append(missing, '=');
  std::string bytes(plain.size() / kGroup * 3, '\0');
  // It would pass over blanks at both ends.
  if (plain.find_first_of(" \t\r\n") != std::string::npos) return std::nullopt;
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), as_bytes(plain),
                                   static_cast<int>(plain.size()));
  if (size < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(size) - missing);
  return bytes;
}

}  // namespace responses_proxy
