// The kinds of tools that a client of the Responses API carries out itself, as functions and back:
// an upstream of another wire format knows nothing but functions.
//
//   function            as it is
//   custom              one text property `input`; its grammar stands in the description
//   local_shell, shell, apply_patch, tool_search
//                       the action as the function's arguments
//
// Ownership  Pure functions.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

#include "dialects/translation/conversation.h"

namespace responses_proxy {

// Of a tool's `type`; nullopt: no client carries it out.
std::optional<ToolKind> kind_of_tool(simdjson::dom::element tool);
// A tool that the provider of the Responses API carries out: it is left out elsewhere.
bool is_hosted_tool(std::string_view type);

// The name under which a tool is called that has none of its own; "" for a function or custom tool.
std::string_view fixed_name(ToolKind kind);

// All but the name.
ToolDeclaration declaration_of(ToolKind kind, simdjson::dom::element tool);

// Of an item `<...>_call`; nullopt: it is no call of a client's tool.
std::optional<ToolKind> kind_of_call(std::string_view item_type);
// The function's arguments that say what the item says.
std::string arguments_of(ToolKind kind, simdjson::dom::element item);
bool is_call_output(std::string_view item_type);

// What stands in an answer for a call of that tool. `begun`: it has no more than its name yet.
struct CallItem {
  std::string_view id;
  std::string_view call_id;
  std::string_view arguments;  // as the model has written them; of a custom tool: its text
  std::string_view status;     // "in_progress", "completed", "incomplete"
};
std::string item_of_call(const ToolName& tool, const CallItem& call);
// "fc", "ctc", ...: what ids of such items begin with.
std::string_view id_prefix(ToolKind kind);
// The free text of a custom tool, out of the whole arguments. What is no such object is the text
// itself. While they arrive: custom_input.h.
std::string input_of(std::string_view arguments);

}  // namespace responses_proxy
