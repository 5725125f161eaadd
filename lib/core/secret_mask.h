// SecretMask: takes credentials out of what is kept: records, states, log lines, bodies.
//
// Masked, each as "***": the values it was given, whole or cut off at the end of the text, as they
// are, with the escapes of a JSON string or percent-encoded; what follows "Bearer "; words that
// begin with "sk-". Not recognised: a value that is encoded otherwise, or spelt out over several
// events of a stream.
#pragma once

#include <bitset>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/secret.h"

namespace responses_proxy {

class SecretMask {
 public:
  // A shorter value is no secret; masking it would leave no text.
  static constexpr std::size_t kShortest = 4;
  // A value below this length only counts as a word of its own.
  static constexpr std::size_t kDistinct = 8;

  explicit SecretMask(const std::vector<const Secret*>& secrets);

  // What begins in the first `limit` bytes of `text`.
  std::string apply(std::string_view text, std::size_t limit = std::string_view::npos) const;

 private:
  // How much of `text` is a secret that begins at `at`; 0 = nothing.
  std::size_t known(std::string_view text, std::size_t at) const;
  std::size_t known_plain(std::string_view text, std::size_t at) const;
  std::size_t known_encoded(std::string_view text, std::size_t at) const;

  std::vector<std::string> values_;  // sorted
  std::bitset<256> starts_;          // the bytes that they begin with
};

}  // namespace responses_proxy
