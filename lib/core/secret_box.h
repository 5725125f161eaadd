// SecretBox: keys of providers and conversations, encrypted for where they are kept.
//
// Role       AES-256-GCM with a key of PROXY_SECRET_ENCRYPTION_KEY: the first one encrypts, each of
//            them decrypts what it has encrypted, so a key can be replaced without a gap. The text
//            tells which key it needs, and belongs to one record: copied to another it does not
//            open.
// Threads    Immutable: any thread.
// Errors     As values; no text of an error holds a secret.
// Format     "v1:" key id ":" base64url(nonce of 12 bytes, ciphertext, tag of 16 bytes). The key id
//            is the first 8 digits of the key's SHA-256; version, key id and record are the
//            associated data.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/secret.h"

namespace responses_proxy {

class SecretBox {
 public:
  static constexpr std::size_t kKeyBytes = 32;

  // Without a key nothing can be sealed or opened.
  SecretBox() = default;
  // As they stand in the variable, base64 of kKeyBytes each (config has checked that; another one
  // is passed over).
  explicit SecretBox(const std::vector<Secret>& keys);

  bool has_key() const { return !keys_.empty(); }
  // Only with a key. Throws std::runtime_error when the operating system has no randomness to give.
  std::string seal(const Secret& secret, std::string_view record) const;

  struct Opened {
    Secret secret;
    std::string problem;  // "" = none; in words for an operator
  };
  Opened open(std::string_view sealed, std::string_view record) const;
  // With the key that seals now.
  bool is_current(std::string_view sealed) const;

 private:
  struct Key {
    std::string id;
    Secret bytes;
  };

  std::vector<Key> keys_;
};

}  // namespace responses_proxy
