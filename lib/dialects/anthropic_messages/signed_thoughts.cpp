#include "dialects/anthropic_messages/signed_thoughts.h"

#include <fmt/format.h>

#include "core/sha256.h"
#include "dialects/translation/portable_reasoning.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kDigits = 8;
constexpr std::string_view kRedacted = "r:";

std::string head_of(std::string_view text) {
  return fmt::format("t{}:", sha256_hex(text).substr(0, kDigits));
}

}  // namespace

std::string signed_thought(std::string_view origin, std::string_view text,
                           std::string_view signature) {
  return marked_reasoning(origin, head_of(text).append(signature));
}

std::string redacted_thought(std::string_view origin, std::string_view data) {
  return marked_reasoning(origin, std::string(kRedacted).append(data));
}

std::optional<SignedThought> signed_thought_of(const Reasoning& reasoning,
                                               std::string_view origin) {
  const auto made_here = reasoning_made_at(origin, reasoning.encrypted_content);
  if (!made_here) return std::nullopt;
  if (made_here->starts_with(kRedacted)) return {{true, made_here->substr(kRedacted.size())}};
  const std::string head = head_of(reasoning.text);
  if (!made_here->starts_with(head) || made_here->size() == head.size()) return std::nullopt;
  return {{false, made_here->substr(head.size())}};
}

}  // namespace responses_proxy
