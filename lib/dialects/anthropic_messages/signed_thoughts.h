// Thoughts with the signature that the provider wants back with them, as the content of a marked
// `encrypted_content` (portable_reasoning.h):
//
//   t<8 digits>:<signature>   the digits stand for the text, which has to come back unchanged
//   r:<data>                  thoughts that only the provider can read
//
// Ownership  Pure functions; views are into what is given.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dialects/translation/conversation.h"

namespace responses_proxy {

std::string signed_thought(std::string_view origin, std::string_view text,
                           std::string_view signature);
std::string redacted_thought(std::string_view origin, std::string_view data);

struct SignedThought {
  bool redacted = false;
  std::string_view sealed;  // the signature, or the data
};
// nullopt: made elsewhere, or somebody has changed it.
std::optional<SignedThought> signed_thought_of(const Reasoning& reasoning, std::string_view origin);

}  // namespace responses_proxy
