// The tools of a request, from its `tools` and from the items of its input that bring some.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <vector>

#include "dialects/translation/conversation.h"
#include "responses_proxy/error.h"

namespace responses_proxy {

// Those that the choice leaves, in order.
std::vector<const ToolDeclaration*> allowed_tools(const Conversation& conversation);

class ToolReader {
 public:
  explicit ToolReader(Conversation& conversation) : conversation_(conversation) {}

  // In this order: what comes first wins where two have the same name.
  void add(simdjson::dom::array tools) { sources_.push_back(tools); }
  // Those that items bring: `additional_tools`, and what a client's search has found.
  void add_from(simdjson::dom::array items);
  // All of them, and `tool_choice`.
  std::optional<Error> read();

 private:
  std::optional<Error> name_direct(simdjson::dom::element tool);
  void declare(simdjson::dom::element tool, std::string_view name_space);
  void declare_one(ToolKind kind, simdjson::dom::element tool, std::string_view name_space);
  void read_choice();
  std::size_t chosen(simdjson::dom::element choice) const;

  Conversation& conversation_;
  std::vector<simdjson::dom::array> sources_;
  std::vector<bool> declared_;  // by index in ToolNames
};

}  // namespace responses_proxy
