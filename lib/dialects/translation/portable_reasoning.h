// What a provider wants back of a model's thoughts (a signature, encrypted details), inside the
// `encrypted_content` of a reasoning item, with a mark of where it was made: only that place can
// read it, and another would refuse the request.
//
//   rp1:<origin>:<content>
//
// Ownership  Pure functions.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "dialects/translation/conversation.h"
#include "responses_proxy/foreign_reasoning.h"
#include "responses_proxy/resource.h"

namespace responses_proxy {

// 8 digits for all the keys of one provider: what one of them has made the others can read.
std::string reasoning_origin(const Resource& resource);

std::string marked_reasoning(std::string_view origin, std::string_view content);

// The content, if it was made there; nullopt: made elsewhere, or not by this proxy.
std::optional<std::string_view> reasoning_made_at(std::string_view origin,
                                                  std::string_view encrypted_content);

// What a dialect's setting `foreign_reasoning` says ("drop", "text"); else what `asked` says.
ForeignReasoning foreign_reasoning(std::string_view setting, ForeignReasoning asked);

// Each thought of which `is_foreign` becomes something the assistant has said, as far as it can be
// read; one that cannot stays as it is.
void tell_foreign_reasoning(Conversation& conversation,
                            const std::function<bool(const Reasoning&)>& is_foreign);

}  // namespace responses_proxy
