// SecretMask: takes credentials out of what is kept: records, states, log lines, bodies.
//
// Masked, each as "***": the values it was given, whole or cut off at the end of the text, as they
// are, with the escapes of a JSON string or percent-encoded; what follows "Bearer "; words that
// begin with "sk-". Not recognised: a value that is encoded otherwise, or spelt out over several
// events of a stream.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
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
  // The same of a whole text, in its place: one without anything to mask is only looked at.
  void apply_to(std::string& text) const;

 private:
  // Which kinds of credential (their bits) have a byte in that place.
  using Kinds = std::array<std::uint8_t, 256>;

  // The first place from `at` on where one may begin, by its first two bytes; `end`: there is none.
  std::size_t candidate(std::string_view text, std::size_t at, std::size_t end) const;
  // How much of `text` is a secret that begins at `at`; 0 = nothing.
  std::size_t known(std::string_view text, std::size_t at) const;
  std::size_t known_plain(std::string_view text, std::size_t at) const;
  std::size_t known_encoded(std::string_view text, std::size_t at) const;

  std::vector<std::string> values_;  // sorted
  Kinds first_{};
  Kinds second_{};
};

}  // namespace responses_proxy
