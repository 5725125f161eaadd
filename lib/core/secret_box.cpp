#include "core/secret_box.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "core/base64.h"
#include "core/sha256.h"

namespace responses_proxy {

namespace {

constexpr std::string_view kVersion = "v1";
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kIdDigits = 8;

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}
const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string associated_data(std::string_view key_id, std::string_view record) {
  return fmt::format("{}\n{}\n{}", kVersion, key_id, record);
}

// One pass of AES-256-GCM; false: OpenSSL refuses, or (decrypting) the tag does not fit.
bool run(bool encrypt, const std::string& key, std::string_view nonce, std::string_view data,
         std::string_view in, std::string& out, std::string& tag) {
  const Context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  EVP_CIPHER_CTX* gcm = context.get();
  int size = 0;
  out.assign(in.size() + kTagBytes, '\0');
  if (gcm == nullptr ||
      EVP_CipherInit_ex(gcm, EVP_aes_256_gcm(), nullptr, bytes_of(std::string_view(key)),
                        bytes_of(nonce), encrypt ? 1 : 0) != 1 ||
      EVP_CipherUpdate(gcm, nullptr, &size, bytes_of(data), static_cast<int>(data.size())) != 1 ||
      EVP_CipherUpdate(gcm, bytes_of(out), &size, bytes_of(in), static_cast<int>(in.size())) != 1) {
    return false;
  }
  out.resize(static_cast<std::size_t>(size));
  if (!encrypt && EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_GCM_SET_TAG, kTagBytes, bytes_of(tag)) != 1) {
    return false;
  }
  std::string rest(kTagBytes, '\0');  // GCM has none
  if (EVP_CipherFinal_ex(gcm, bytes_of(rest), &size) != 1) return false;
  return !encrypt || EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_GCM_GET_TAG, kTagBytes, bytes_of(tag)) == 1;
}

struct Parts {
  std::string_view key_id;
  std::string body;  // nonce, ciphertext, tag
};

std::optional<Parts> parts_of(std::string_view sealed) {
  const std::size_t first = sealed.find(':');
  if (first == std::string_view::npos || sealed.substr(0, first) != kVersion) return std::nullopt;
  const std::size_t second = sealed.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  auto body = base64_decoded(sealed.substr(second + 1));
  if (!body || body->size() < kNonceBytes + kTagBytes) return std::nullopt;
  return Parts{sealed.substr(first + 1, second - first - 1), std::move(*body)};
}

}  // namespace

SecretBox::SecretBox(const std::vector<Secret>& keys) {
  for (const Secret& key : keys) {
    auto bytes = base64_decoded(key.reveal());
    if (!bytes || bytes->size() != kKeyBytes) continue;
    keys_.push_back({sha256_hex(*bytes).substr(0, kIdDigits), Secret(std::move(*bytes))});
  }
}

std::string SecretBox::seal(const Secret& secret, std::string_view record) const {
  const Key& key = keys_.front();
  std::string nonce(kNonceBytes, '\0');
  std::string ciphertext;
  std::string tag(kTagBytes, '\0');
  if (RAND_bytes(bytes_of(nonce), kNonceBytes) != 1 ||
      !run(true, key.bytes.reveal(), nonce, associated_data(key.id, record), secret.reveal(),
           ciphertext, tag)) {
    throw std::runtime_error("OpenSSL could not encrypt a key.");
  }
  return fmt::format("{}:{}:{}", kVersion, key.id, base64url(nonce + ciphertext + tag));
}

SecretBox::Opened SecretBox::open(std::string_view sealed, std::string_view record) const {
  const auto parts = parts_of(sealed);
  if (!parts) return {{}, "its stored key is no encrypted text of this program"};
  const auto key = std::find_if(keys_.begin(), keys_.end(),
                                [&](const Key& one) { return one.id == parts->key_id; });
  if (key == keys_.end()) {
    return {{},
            fmt::format("its key was encrypted with another PROXY_SECRET_ENCRYPTION_KEY (key id "
                        "{}), which is not set here",
                        parts->key_id.substr(0, kIdDigits))};
  }
  const std::string_view body = parts->body;
  const std::size_t end = body.size() - kTagBytes;
  std::string tag(body.substr(end));
  std::string plain;
  if (!run(false, key->bytes.reveal(), body.substr(0, kNonceBytes),
           associated_data(key->id, record), body.substr(kNonceBytes, end - kNonceBytes), plain,
           tag)) {
    return {{}, "its stored key was changed, or belongs to another record"};
  }
  return {Secret(std::move(plain)), {}};
}

bool SecretBox::is_current(std::string_view sealed) const {
  const auto parts = parts_of(sealed);
  return parts && has_key() && parts->key_id == keys_.front().id;
}

}  // namespace responses_proxy
