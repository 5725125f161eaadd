// Reads a request of the Responses API into a Conversation.
//
// Errors     400 for what no upstream of another wire format can be told: `param` has the path of
//            an item, or the type of a tool. What only some of them cannot take is for the dialect
//            to refuse.
// Cost       One parse of the body and one of the history; texts are not copied.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "core/json_reader.h"
#include "dialects/translation/conversation.h"
#include "responses_proxy/dialect.h"
#include "responses_proxy/result.h"
#include "responses_proxy/text_seal.h"

namespace responses_proxy {

struct ReadRequest {
  std::string_view body;
  // The items of the turns that the request continues, comma-separated JSON; nullopt: nobody knows
  // them, and a request that continues something is refused.
  std::optional<std::string_view> history = std::nullopt;
  const TextSeal* seal = nullptr;        // of compactions; see Turn
  bool standalone_compaction = false;    // it was sent to /v1/responses/compact
  const Compacted* compacted = nullptr;  // see Turn
};

class ParsedRequest {
 public:
  const Conversation& conversation() const { return conversation_; }
  // What a dialect has decided counts for the answer, too.
  Conversation& conversation() { return conversation_; }

 private:
  friend Result<std::unique_ptr<ParsedRequest>> read_conversation(const ReadRequest& request);

  JsonDocument body_;
  JsonDocument history_;
  Conversation conversation_;
};

Result<std::unique_ptr<ParsedRequest>> read_conversation(const ReadRequest& request);

// What a request says besides its input and its tools. `request` is an object.
Conversation read_options(simdjson::dom::element request);

}  // namespace responses_proxy
