#include "dialects/translation/read_items.h"

#include <fmt/format.h>

#include <utility>

#include "core/json_reader.h"
#include "dialects/translation/client_tools.h"
#include "dialects/translation/compaction.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;

std::optional<Error> refuse_part(std::string_view type, std::string param) {
  return Error::invalid_request(
      "unsupported_content",
      fmt::format("Content of type \"{}\" cannot be sent to this model's provider.", type),
      std::move(param));
}

// The member of a call that is a text.
std::string_view text_member(ToolKind kind) {
  if (kind == ToolKind::function) return "arguments";
  return kind == ToolKind::custom ? "input" : std::string_view();
}

Role role_of(std::string_view role) {
  if (role == "system") return Role::system;
  if (role == "developer") return Role::developer;
  return role == "assistant" ? Role::assistant : Role::user;
}

bool is_text(std::string_view type) {
  return type == "input_text" || type == "output_text" || type == "text" ||
         type == "summary_text" || type == "reasoning_text";
}

std::string_view image_url(element part) {
  std::string_view url = string_at(part, "image_url");
  element image;
  const bool nested = url.empty() && part["image_url"].get(image) == simdjson::SUCCESS;
  return nested ? string_at(image, "url") : url;
}

std::optional<Error> read_part(element json, InputPath path, std::vector<Part>& parts) {
  const std::string_view type = string_at(json, "type");
  Part part;
  part.json = json;
  part.path = path;
  if (is_text(type)) {
    part.text = string_at(json, "text");
  } else if (type == "refusal") {
    part.kind = Part::Kind::refusal;
    part.text = string_at(json, "refusal");
  } else if (type == "input_image") {
    part.kind = Part::Kind::image;
    part.url = image_url(json);
    part.detail = string_at(json, "detail");
    part.file_id = string_at(json, "file_id");
  } else if (type == "input_file") {
    part.kind = Part::Kind::file;
    part.url = string_at(json, "file_url");
    part.file_id = string_at(json, "file_id");
    part.data = string_at(json, "file_data");
    part.filename = string_at(json, "filename");
  } else if (type == "encrypted_content") {
    return std::nullopt;  // of another account, for nobody here
  } else if (type == "input_audio") {
    return refuse_part(type, std::string(type));
  } else {
    return refuse_part(type, path.text());
  }
  parts.push_back(part);
  return std::nullopt;
}

// A text, or an array of parts.
std::optional<Error> read_parts(element holder, const InputPath& of_holder,
                                std::vector<Part>& parts) {
  InputPath path = of_holder;
  element content;
  std::string_view text;
  simdjson::dom::array array;
  if (holder[path.member].get(content) != simdjson::SUCCESS || content.is_null()) {
    return std::nullopt;
  }
  if (content.get(text) == simdjson::SUCCESS) {
    Part part;
    part.text = text;
    part.path = path;
    parts.push_back(part);
    return std::nullopt;
  }
  if (content.get(array) != simdjson::SUCCESS) {
    return wrong_type(path.of_item(path.member), "a string or a list of parts");
  }
  for (const element part : array) {
    if (auto error = read_part(part, path, parts)) return error;
    ++path.part;
  }
  return std::nullopt;
}

std::string joined_texts(element item, std::string_view key) {
  std::string joined;
  simdjson::dom::array parts;
  if (item[key].get(parts) != simdjson::SUCCESS) return joined;
  for (const element part : parts) {
    const std::string_view text = string_at(part, "text");
    if (!joined.empty() && !text.empty()) joined += "\n\n";
    joined.append(text);
  }
  return joined;
}

// What a search of the client has found: it is among the tools of this request.
std::string found_tools(simdjson::dom::array tools, const ToolNames& names,
                        std::string_view name_space = {}) {
  std::string text;
  for (const element tool : tools) {
    simdjson::dom::array below;
    const std::string_view name = string_at(tool, "name");
    if (tool["tools"].get(below) == simdjson::SUCCESS) {
      text += found_tools(below, names, name);
    } else {
      text += fmt::format("- {}: {}\n", names.wire_name(name, name_space),
                          string_at(tool, "description"));
    }
  }
  return text;
}

// Of outputs that are data.
std::optional<std::string> output_as_text(element item, const ToolNames& names) {
  const std::string_view type = string_at(item, "type");
  simdjson::dom::array tools;
  element output;
  if (type == "tool_search_output" && item["tools"].get(tools) == simdjson::SUCCESS) {
    return "These tools can be called now:\n" + found_tools(tools, names);
  }
  if (type == "shell_call_output" && item["output"].get(output) == simdjson::SUCCESS) {
    return std::string(simdjson::minify(output));
  }
  return std::nullopt;
}

// Of what is no message: by its type, or as an id, since the type may be left out.
bool names_an_item(element item) {
  const std::string_view type = string_at(item, "type");
  return type == "item_reference" || (type.empty() && !string_at(item, "id").empty());
}

}  // namespace

Error wrong_type(std::string param, std::string_view expected) {
  std::string message = fmt::format("Invalid type for '{}': expected {}.", param, expected);
  return Error::invalid_request("invalid_type", std::move(message), std::move(param));
}

bool is_text_or_absent(element holder, std::string_view key) {
  element value;
  return holder[key].get(value) != simdjson::SUCCESS || value.is_null() || value.is_string();
}

Message message_of(Role role, std::string text) {
  Message message;
  message.role = role;
  message.owned = std::make_shared<const std::string>(std::move(text));
  Part part;
  part.text = *message.owned;
  message.parts.push_back(part);
  return message;
}

std::string InputPath::of_item(std::string_view key) const {
  return item ? fmt::format("input[{}].{}", *item, key) : "input";
}

std::string InputPath::text() const {
  return item ? fmt::format("input[{}].{}[{}]", *item, member, part) : "input";
}

std::optional<Error> ItemReader::read(simdjson::dom::array items, bool own) {
  std::size_t index = 0;
  for (const element item : items) {
    const InputPath path{own ? std::optional(index) : std::nullopt};
    if (auto error = read_item(item, path)) return error;
    behind_trigger_ = string_at(item, "type") == kCompactionTrigger;
    ++index;
  }
  return std::nullopt;
}

void ItemReader::add_text(std::string_view text) {
  Part part;
  part.text = text;
  conversation_.items.emplace_back(Message{Role::user, {part}, {}});
}

// Items that stand for what only their own provider can make use of (calls of hosted tools,
// their encrypted summaries) are left out, as are those that are not known here.
std::optional<Error> ItemReader::read_item(element item, InputPath path) {
  const std::string_view type = string_at(item, "type");
  if (type == "message" || (type.empty() && !string_at(item, "role").empty())) {
    return read_message(item, path);
  }
  if (const auto kind = kind_of_call(type)) return read_call(*kind, item, path);
  if (is_call_output(type)) return read_output(item, path);
  if (type == "reasoning") {
    read_reasoning(item);
  } else if (type == "agent_message") {
    read_agent_message(item, path);
  } else if (is_compaction(type)) {
    return read_compaction(item, path);
  } else if (type == "configuration_update") {
    element reasoning;
    if (item["reasoning"].get(reasoning) != simdjson::SUCCESS) return std::nullopt;
    const std::string_view effort = string_at(reasoning, "effort");
    if (!effort.empty()) conversation_.effort = effort;
  } else if (names_an_item(item)) {
    return Error::invalid_request(
        "item_not_found",
        fmt::format("Item with id '{}' not found. Items are not persisted when `store` is set to "
                    "false; send the item itself.",
                    string_at(item, "id")),
        path.of_item("id"));
  }
  return std::nullopt;
}

std::optional<Error> ItemReader::read_message(element item, InputPath path) {
  Message message;
  message.role = role_of(string_at(item, "role"));
  if (auto error = read_parts(item, path, message.parts)) return error;
  conversation_.items.emplace_back(std::move(message));
  return std::nullopt;
}

std::optional<Error> ItemReader::read_call(ToolKind kind, element item, const InputPath& path) {
  const std::string_view text = text_member(kind);
  if (!text.empty() && !is_text_or_absent(item, text)) {
    return wrong_type(path.of_item(text), "a string");
  }
  Call call;
  call.call_id = string_at(item, "call_id");
  if (call.call_id.empty()) call.call_id = string_at(item, "id");
  const std::string_view fixed = fixed_name(kind);
  call.wire_name = conversation_.names.wire_name(fixed.empty() ? string_at(item, "name") : fixed,
                                                 string_at(item, "namespace"));
  call.arguments = arguments_of(kind, item);
  conversation_.items.emplace_back(std::move(call));
  return std::nullopt;
}

std::optional<Error> ItemReader::read_output(element item, InputPath path) {
  path.member = "output";
  CallOutput output;
  output.call_id = string_at(item, "call_id");
  if (output.call_id.empty()) output.call_id = string_at(item, "id");
  if (auto text = output_as_text(item, conversation_.names)) {
    output.owned = std::make_shared<const std::string>(std::move(*text));
    Part part;
    part.text = *output.owned;
    output.parts.push_back(part);
  } else if (auto error = read_parts(item, path, output.parts)) {
    return error;
  }
  if (output.parts.empty()) {
    Part part;
    part.text = string_at(item, "status");  // of a patch: "completed", "failed"
    output.parts.push_back(part);
  }
  conversation_.items.emplace_back(std::move(output));
  return std::nullopt;
}

void ItemReader::read_reasoning(element item) {
  Reasoning reasoning;
  reasoning.text = joined_texts(item, "content");
  if (reasoning.text.empty()) reasoning.text = joined_texts(item, "summary");
  reasoning.encrypted_content = string_at(item, "encrypted_content");
  conversation_.items.emplace_back(std::move(reasoning));
}

// The summary, where this proxy has made it. It was wished for by the item before it, and both have
// stayed in the conversation: then it stands for all that was said before, too.
std::optional<Error> ItemReader::read_compaction(element item, InputPath path) {
  const std::string_view content = string_at(item, "encrypted_content");
  auto summary = opened_summary(content, seal_, path.of_item("encrypted_content"));
  if (!summary) return summary.error();
  if (!*summary) {
    conversation_.omitted_items.emplace_back("compaction");
    return std::nullopt;
  }
  if ((*summary)->whole || behind_trigger_) drop_what_was_said(conversation_);
  conversation_.items.emplace_back(message_of(Role::user, told_summary((*summary)->text)));
  return std::nullopt;
}

// What one agent of the client has told another. Where no provider has encrypted it, the content
// that is called encrypted is plain text.
void ItemReader::read_agent_message(element item, InputPath path) {
  constexpr std::string_view kEncrypted = "gAAAA";
  Message message;
  simdjson::dom::array parts;
  if (item["content"].get(parts) != simdjson::SUCCESS) return;
  for (const element json : parts) {
    Part part;
    part.path = path;
    part.text = string_at(json, "text");
    const std::string_view sealed = string_at(json, "encrypted_content");
    if (part.text.empty() && !sealed.starts_with(kEncrypted)) part.text = sealed;
    if (!part.text.empty()) message.parts.push_back(part);
  }
  if (!message.parts.empty()) conversation_.items.emplace_back(std::move(message));
}

}  // namespace responses_proxy
