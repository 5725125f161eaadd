#include "dialects/translation/client_tools.h"

#include <algorithm>
#include <array>

#include "core/json_reader.h"
#include "core/json_text.h"
#include "dialects/translation/any_json.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;

struct KindInfo {
  ToolKind kind;
  std::string_view tool_type;
  std::string_view call_type;
  std::string_view output_type;
  std::string_view id_prefix;
  std::string_view argument;  // member of the item that is the arguments
  std::string_view description;
  std::string_view parameters;
};

constexpr std::string_view kInputSchema =
    R"({"type":"object","properties":{"input":{"type":"string","description":"The tool's whole )"
    R"(input, as free text."}},"required":["input"],"additionalProperties":false})";
constexpr std::string_view kLocalShellSchema =
    R"({"type":"object","properties":{"command":{"type":"array","items":{"type":"string"},)"
    R"("description":"The program and its arguments."},"working_directory":{"type":"string"},)"
    R"("timeout_ms":{"type":"integer"}},"required":["command"]})";
constexpr std::string_view kShellSchema =
    R"({"type":"object","properties":{"commands":{"type":"array","items":{"type":"string"},)"
    R"("description":"Shell commands."},"timeout_ms":{"type":"integer"},)"
    R"("max_output_length":{"type":"integer"}},"required":["commands"]})";
constexpr std::string_view kApplyPatchSchema =
    R"({"type":"object","properties":{"type":{"type":"string","enum":["create_file",)"
    R"("update_file","delete_file"]},"path":{"type":"string"},"diff":{"type":"string",)"
    R"("description":"In the V4A diff format; not for delete_file."}},"required":["type","path"]})";
constexpr std::string_view kSearchSchema =
    R"({"type":"object","properties":{"query":{"type":"string"}},"required":["query"]})";

constexpr std::array<KindInfo, 6> kKinds{{
    {ToolKind::function, "function", "function_call", "function_call_output", "fc", "", "", ""},
    {ToolKind::custom, "custom", "custom_tool_call", "custom_tool_call_output", "ctc", "", "",
     kInputSchema},
    {ToolKind::local_shell, "local_shell", "local_shell_call", "local_shell_call_output", "lsh",
     "action", "Runs a program on the user's machine and gives back what it has printed.",
     kLocalShellSchema},
    {ToolKind::shell, "shell", "shell_call", "shell_call_output", "sh", "action",
     "Runs shell commands and gives back what they have printed.", kShellSchema},
    {ToolKind::apply_patch, "apply_patch", "apply_patch_call", "apply_patch_call_output", "apc",
     "operation", "Creates, changes or deletes a file.", kApplyPatchSchema},
    {ToolKind::tool_search, "tool_search", "tool_search_call", "tool_search_output", "tsc",
     "arguments", "Finds tools by what they do.", kSearchSchema},
}};

const KindInfo& info(ToolKind kind) {
  return *std::find_if(kKinds.begin(), kKinds.end(),
                       [kind](const KindInfo& one) { return one.kind == kind; });
}

const KindInfo* find_kind(std::string_view KindInfo::*member, std::string_view word) {
  const auto found = std::find_if(kKinds.begin(), kKinds.end(),
                                  [&](const KindInfo& one) { return one.*member == word; });
  return found == kKinds.end() ? nullptr : &*found;
}

bool in_a_container(element tool) {
  element environment;
  if (tool["environment"].get(environment) != simdjson::SUCCESS) return false;
  return string_at(environment, "type").starts_with("container");
}

std::string custom_description(element tool) {
  std::string description(string_at(tool, "description"));
  element format;
  if (tool["format"].get(format) != simdjson::SUCCESS) return description;
  const std::string_view definition = string_at(format, "definition");
  if (definition.empty()) return description;
  if (!description.empty()) description += "\n\n";
  const std::string_view syntax = string_at(format, "syntax");
  return description.append("The input has to match this ")
      .append(syntax)
      .append(syntax.empty() ? "grammar:\n" : " grammar:\n")
      .append(definition);
}

// An object in the text, minified, without `type`; "{}" if there is none.
std::string object_without_type(element object) {
  simdjson::dom::object members;
  if (object.get(members) != simdjson::SUCCESS) return "{}";
  JsonText text;
  text.begin_object();
  for (const auto [key, value] : members) {
    if (key != "type") text.put_raw(key, simdjson::minify(value));
  }
  return text.end_object().take();
}

void put_action(JsonText& item, const KindInfo& kind, std::string_view arguments) {
  std::string action = "{}";
  AnyJson json;
  if (json.read(arguments) && json.root().is_object()) {
    action = kind.kind == ToolKind::local_shell ? json.restored(object_without_type(json.root()))
                                                : json.text_of(json.root());
  }
  if (kind.kind != ToolKind::local_shell) {
    item.put_raw(kind.argument, action);
    return;
  }
  item.key("action").begin_object().put("type", "exec");
  if (action.find("\"command\"") == std::string::npos) item.put_raw("command", "[]");
  item.raw(std::string_view(action).substr(1, action.size() - 2));
  if (action.find("\"env\"") == std::string::npos) item.put_raw("env", "{}");
  item.end_object();
}

}  // namespace

std::optional<ToolKind> kind_of_tool(element tool) {
  const KindInfo* kind = find_kind(&KindInfo::tool_type, string_at(tool, "type"));
  if (kind == nullptr) return std::nullopt;
  if (kind->kind == ToolKind::tool_search && string_at(tool, "execution") != "client") return {};
  if (kind->kind == ToolKind::shell && in_a_container(tool)) return {};
  return kind->kind;
}

bool is_hosted_tool(std::string_view type) {
  constexpr std::array<std::string_view, 6> kHosted = {"file_search", "code_interpreter", "mcp",
                                                       "computer",    "tool_search",      "shell"};
  return std::find(kHosted.begin(), kHosted.end(), type) != kHosted.end() ||
         type.starts_with("web_search") || type.starts_with("computer_use");
}

std::string_view fixed_name(ToolKind kind) {
  const bool named = kind == ToolKind::function || kind == ToolKind::custom;
  return named ? std::string_view() : info(kind).tool_type;
}

ToolDeclaration declaration_of(ToolKind kind, element tool) {
  ToolDeclaration declaration;
  declaration.json = tool;
  bool strict = false;
  if (tool["strict"].get(strict) == simdjson::SUCCESS) declaration.strict = strict;
  const std::string_view description = string_at(tool, "description");
  declaration.description = kind == ToolKind::custom ? custom_description(tool)
                            : description.empty()    ? info(kind).description
                                                     : description;
  element parameters;
  const bool has_own = kind == ToolKind::function || kind == ToolKind::tool_search;
  const bool given =
      has_own && tool["parameters"].get(parameters) == simdjson::SUCCESS && parameters.is_object();
  declaration.parameters =
      given ? std::string(simdjson::minify(parameters)) : info(kind).parameters;
  return declaration;
}

std::optional<ToolKind> kind_of_call(std::string_view item_type) {
  const KindInfo* kind = find_kind(&KindInfo::call_type, item_type);
  return kind != nullptr ? std::optional(kind->kind) : std::nullopt;
}

std::string arguments_of(ToolKind kind, element item) {
  if (kind == ToolKind::function) return std::string(string_at(item, "arguments"));
  if (kind == ToolKind::custom) {
    JsonText text;
    return text.begin_object().put("input", string_at(item, "input")).end_object().take();
  }
  element arguments;
  if (item[info(kind).argument].get(arguments) != simdjson::SUCCESS) return "{}";
  if (kind == ToolKind::local_shell) return object_without_type(arguments);
  std::string_view text;
  if (arguments.get(text) == simdjson::SUCCESS) return std::string(text);
  return std::string(simdjson::minify(arguments));
}

bool is_call_output(std::string_view item_type) {
  return find_kind(&KindInfo::output_type, item_type) != nullptr;
}

std::string item_of_call(const ToolName& tool, const CallItem& call) {
  const KindInfo& kind = info(tool.kind);
  JsonText item;
  item.begin_object().put("id", call.id).put("type", kind.call_type).put("status", call.status);
  item.put("call_id", call.call_id);
  switch (tool.kind) {
    case ToolKind::function:
      item.put("name", tool.name).put("arguments", call.arguments);
      break;
    case ToolKind::custom:
      item.put("name", tool.name).put("input", call.arguments);
      break;
    case ToolKind::tool_search:
      item.put("execution", "client");
      [[fallthrough]];
    default:
      put_action(item, kind, call.arguments);
  }
  if (!tool.name_space.empty()) item.put("namespace", tool.name_space);
  return item.end_object().take();
}

std::string_view id_prefix(ToolKind kind) {
  return info(kind).id_prefix;
}

std::string input_of(std::string_view arguments) {
  std::string input(arguments);
  read_any_json(arguments, [&](element root) {
    std::string_view text;
    simdjson::dom::object members;
    if (root.get(text) == simdjson::SUCCESS || root["input"].get(text) == simdjson::SUCCESS) {
      input = text;
    } else if (root.get(members) == simdjson::SUCCESS && members.size() == 1 &&
               (*members.begin()).value.get(text) == simdjson::SUCCESS) {
      input = text;  // the only one, under another name
    }
  });
  return input;
}

}  // namespace responses_proxy
