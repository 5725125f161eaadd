#include "dialects/responses/encrypted_items.h"

#include <simdjson.h>

#include <vector>

#include "core/input_items.h"
#include "core/json_members.h"
#include "core/json_reader.h"
#include "core/json_text.h"
#include "dialects/translation/compaction.h"

namespace responses_proxy {

namespace {

bool has_encrypted_content(simdjson::dom::element item) {
  if (!string_at(item, "encrypted_content").empty()) return true;
  simdjson::dom::array parts;
  if (item["content"].get(parts) != simdjson::SUCCESS) return false;
  for (const simdjson::dom::element part : parts) {
    if (string_at(part, "type") == "encrypted_content") return true;
  }
  return false;
}

// What can stand in its place: a summary of this proxy's own; "" = nothing.
std::string in_words(simdjson::dom::element item, const TextSeal* seal) {
  if (!is_compaction(string_at(item, "type"))) return {};
  const auto summary = opened_summary(string_at(item, "encrypted_content"), seal, "input");
  if (!summary || !*summary) return {};
  JsonText message;
  message.begin_object().put("type", "message").put("role", "user").key("content").begin_array();
  message.begin_object().put("type", "input_text").put("text", told_summary((*summary)->text));
  return message.end_object().end_array().end_object().take();
}

}  // namespace

std::optional<std::string> without_encrypted_items(std::string_view body, const TextSeal* seal) {
  const auto members = read_members(body);
  if (!members) return std::nullopt;
  const std::string_view input = member(*members, "input");
  std::vector<std::string> elements;
  if (!input.starts_with('[') || !split_items(input, elements)) return std::nullopt;
  const auto offset = static_cast<std::size_t>(input.data() - body.data());

  std::string kept = "[";
  bool dropped = false;
  for (const std::string& element : elements) {
    std::optional<std::string> instead;
    read_json(element, [&](simdjson::dom::element item) {
      if (has_encrypted_content(item)) instead = in_words(item, seal);
    });
    dropped = dropped || instead;
    const std::string& stays = instead ? *instead : element;
    if (kept.size() > 1 && !stays.empty()) kept += ',';
    kept += stays;
  }
  if (!dropped) return std::nullopt;
  kept += ']';
  return std::string(body.substr(0, offset)) + kept +
         std::string(body.substr(offset + input.size()));
}

}  // namespace responses_proxy
