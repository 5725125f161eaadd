#include "web_socket/handshake.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "core/base64.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kKeyBytes = 16;
constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

template <std::size_t Size>
void fill(std::array<unsigned char, Size>& bytes) {
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw std::runtime_error("OpenSSL has no random bytes");
  }
}

std::string_view text_of(const unsigned char* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

// Asking for some is dear, whatever their number.
class KeySupply {
 public:
  MaskKey next() {
    if (used_ == bytes_.size()) {
      fill(bytes_);
      used_ = 0;
    }
    MaskKey key{};
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(used_), key.size(), key.begin());
    used_ += key.size();
    return key;
  }

 private:
  std::array<unsigned char, 256> bytes_{};
  std::size_t used_ = bytes_.size();
};

}  // namespace

std::string new_socket_key() {
  std::array<unsigned char, kKeyBytes> bytes{};
  fill(bytes);
  return base64(text_of(bytes.data(), bytes.size()));
}

std::string socket_accept(std::string_view key) {
  const std::string text = std::string(key).append(kGuid);
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return base64(text_of(digest.data(), digest.size()));
}

MaskKey random_mask_key() {
  static thread_local KeySupply supply;
  return supply.next();
}

}  // namespace responses_proxy
