// Takes the items out of a request that only the account that made them can decrypt.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace responses_proxy {

// `body` without those elements of its `input` that carry encrypted_content (reasoning, compaction,
// messages between agents); every other byte stays. nullopt: there are none, or it is no such body.
std::optional<std::string> without_encrypted_items(std::string_view body);

}  // namespace responses_proxy
