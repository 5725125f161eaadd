// Takes the items out of a request that only the account that made them can decrypt.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "responses_proxy/text_seal.h"

namespace responses_proxy {

// `body` without those elements of its `input` that carry encrypted_content (reasoning, compaction,
// messages between agents); every other byte stays. A summary that this proxy has sealed becomes a
// message with its words; `seal` may be null. nullopt: there are none, or it is no such body.
std::optional<std::string> without_encrypted_items(std::string_view body, const TextSeal* seal);

}  // namespace responses_proxy
