// Compaction: a conversation that has grown too long becomes a summary of it, which the model
// writes itself, in one item that goes through the client's hands and that only this proxy can
// read.
//
//   {"type":"compaction","id","encrypted_content"}
//   encrypted_content   rpc1:<sealed>     by a TextSeal
//                       rpc0:<base64url>  where this proxy has no key: marked, and open to anybody
//   inside              {"summary":"..."}, and "whole":true where it stands for all that was before
//                       it; else for what its client has left out
//
// Role       read_conversation() asks here what a request wants, and what stands behind an item.
// Ownership  Pure functions.
// Errors     An item of this proxy that cannot be opened is a 400 `invalid_encrypted_content`: to
// go
//            on without it would be a silent fresh start. Those of others are left out.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dialects/translation/conversation.h"
#include "responses_proxy/result.h"
#include "responses_proxy/text_seal.h"

namespace responses_proxy {

struct Summary {
  std::string text;
  bool whole = false;
};

// "compaction", and the older name of the same.
bool is_compaction(std::string_view item_type);
inline constexpr std::string_view kCompactionTrigger = "compaction_trigger";

// What goes into an item; `seal` may be null. nullopt: it could not be sealed.
std::optional<std::string> sealed_summary(const Summary& summary, const TextSeal* seal);
// nullopt: it was made by somebody else. `param`: where it stands, for the error.
Result<std::optional<Summary>> opened_summary(std::string_view encrypted_content,
                                              const TextSeal* seal, std::string param);

// How a model is told the summary, in place of what it stands for.
std::string told_summary(std::string_view summary);

// Whether what the request has to say is over the threshold of its `context_management`. Nobody
// here counts as the model does: four bytes are a token, and an image is kTokensOfImage.
inline constexpr std::int64_t kTokensOfImage = 1'000;
bool is_over_threshold(const Conversation& conversation);

// Leaves of what was said the words of system and developer.
void drop_what_was_said(Conversation& conversation);

// Puts the summary of all of it in place of what was answered already: the question that is open,
// or the last calls and what came of them, stay.
void go_on_from(Conversation& conversation, std::string_view summary);

// Makes of the conversation a request for its summary: without tools and without a format, the
// wish for it last.
void ask_for_summary(Conversation& conversation);

}  // namespace responses_proxy
