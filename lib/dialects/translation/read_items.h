// The items of a request's input, and the parts in them.
#pragma once

#include <simdjson.h>

#include <optional>
#include <vector>

#include "dialects/translation/conversation.h"
#include "responses_proxy/error.h"
#include "responses_proxy/text_seal.h"

namespace responses_proxy {

// Of a member that is there, but cannot be read as what it should be.
Error wrong_type(std::string param, std::string_view expected);
bool is_text_or_absent(simdjson::dom::element holder, std::string_view key);

class ItemReader {
 public:
  // What is read goes into `conversation`, whose names are complete.
  // `seal` may be null.
  ItemReader(Conversation& conversation, const TextSeal* seal)
      : conversation_(conversation), seal_(seal) {}

  // The elements of an array. `own`: they stand in the request's own input.
  std::optional<Error> read(simdjson::dom::array items, bool own);
  // An input that is one text.
  void add_text(std::string_view text);

 private:
  std::optional<Error> read_item(simdjson::dom::element item, InputPath path);
  std::optional<Error> read_message(simdjson::dom::element item, InputPath path);
  std::optional<Error> read_output(simdjson::dom::element item, InputPath path);
  std::optional<Error> read_call(ToolKind kind, simdjson::dom::element item, const InputPath& path);
  void read_reasoning(simdjson::dom::element item);
  void read_agent_message(simdjson::dom::element item, InputPath path);
  std::optional<Error> read_compaction(simdjson::dom::element item, InputPath path);

  Conversation& conversation_;
  const TextSeal* const seal_;
  bool behind_trigger_ = false;  // the item before has asked for a compaction
};

}  // namespace responses_proxy
