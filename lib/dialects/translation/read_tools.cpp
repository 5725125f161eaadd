#include "dialects/translation/read_tools.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "core/json_reader.h"
#include "dialects/translation/client_tools.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;
using Mode = ToolChoice::Mode;

bool brings_tools(std::string_view item_type) {
  return item_type == "additional_tools" || item_type == "tool_search_output";
}

std::string_view name_of(ToolKind kind, element tool) {
  const std::string_view fixed = fixed_name(kind);
  return fixed.empty() ? string_at(tool, "name") : fixed;
}

}  // namespace

std::vector<const ToolDeclaration*> allowed_tools(const Conversation& conversation) {
  const ToolChoice& choice = conversation.tool_choice;
  const std::unordered_set<std::size_t> names(choice.allowed.begin(), choice.allowed.end());
  std::vector<const ToolDeclaration*> allowed;
  for (const ToolDeclaration& tool : conversation.tools) {
    if (choice.mode != Mode::allowed || names.contains(tool.name)) allowed.push_back(&tool);
  }
  return allowed;
}

void ToolReader::add_from(simdjson::dom::array items) {
  for (const element item : items) {
    simdjson::dom::array tools;
    if (brings_tools(string_at(item, "type")) && item["tools"].get(tools) == simdjson::SUCCESS) {
      add(tools);
    }
  }
}

// The names of direct tools first: they keep theirs where one in a namespace would have the same.
std::optional<Error> ToolReader::read() {
  for (const simdjson::dom::array source : sources_) {
    for (const element tool : source) {
      if (auto error = name_direct(tool)) return error;
    }
  }
  for (const simdjson::dom::array source : sources_) {
    for (const element tool : source) declare(tool, {});
  }
  read_choice();
  return std::nullopt;
}

std::optional<Error> ToolReader::name_direct(element tool) {
  const std::string_view type = string_at(tool, "type");
  if (const auto kind = kind_of_tool(tool)) {
    conversation_.names.add(*kind, name_of(*kind, tool), {});
  } else if (is_hosted_tool(type)) {
    auto& omitted = conversation_.omitted_tools;
    const bool known = std::find(omitted.begin(), omitted.end(), type) != omitted.end();
    if (!known) omitted.emplace_back(type);
  } else if (type != "namespace") {
    return Error::invalid_request(
        "unsupported_tool",
        fmt::format("Tools of type \"{}\" cannot be used with this model's provider.", type),
        std::string(type));
  }
  return std::nullopt;
}

void ToolReader::declare(element tool, std::string_view name_space) {
  simdjson::dom::array below;
  if (string_at(tool, "type") == "namespace") {
    if (tool["tools"].get(below) != simdjson::SUCCESS) return;
    for (const element one : below) declare(one, string_at(tool, "name"));
  } else if (const auto kind = kind_of_tool(tool)) {
    declare_one(*kind, tool, name_space);
  }
}

void ToolReader::declare_one(ToolKind kind, element tool, std::string_view name_space) {
  const std::string_view name = name_of(kind, tool);
  if (name.empty()) return;
  const std::size_t index = conversation_.names.add(kind, name, name_space);
  if (index >= declared_.size()) declared_.resize(index + 1);
  if (declared_[index]) return;
  declared_[index] = true;
  ToolDeclaration declaration = declaration_of(kind, tool);
  declaration.name = index;
  conversation_.tools.push_back(std::move(declaration));
}

// A choice of what is not there (a hosted tool, say) leaves it to the model.
void ToolReader::read_choice() {
  ToolChoice& choice = conversation_.tool_choice;
  element given;
  if (conversation_.request["tool_choice"].get(given) != simdjson::SUCCESS) return;
  std::string_view word;
  if (given.get(word) == simdjson::SUCCESS) {
    choice.mode = word == "none"       ? Mode::none
                  : word == "required" ? Mode::required
                                       : Mode::automatic;
    return;
  }
  if (!given.is_object()) return;
  choice.mode = Mode::automatic;
  if (string_at(given, "type") == "allowed_tools") {
    choice.allowed_required = string_at(given, "mode") == "required";
    simdjson::dom::array allowed;
    if (given["tools"].get(allowed) != simdjson::SUCCESS) return;
    for (const element one : allowed) {
      const std::size_t index = chosen(one);
      if (index != ToolNames::kNone) choice.allowed.push_back(index);
    }
    if (!choice.allowed.empty()) choice.mode = Mode::allowed;
    return;
  }
  choice.tool = chosen(given);
  if (choice.tool != ToolNames::kNone) choice.mode = Mode::tool;
}

std::size_t ToolReader::chosen(element choice) const {
  const std::string_view name = string_at(choice, "name");
  const std::string_view type = string_at(choice, "type");
  return conversation_.names.find(name.empty() ? type : name, string_at(choice, "namespace"));
}

}  // namespace responses_proxy
