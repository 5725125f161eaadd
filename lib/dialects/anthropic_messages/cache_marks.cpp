#include "dialects/anthropic_messages/cache_marks.h"

#include <algorithm>
#include <variant>

namespace responses_proxy {

namespace {

using simdjson::dom::element;

constexpr std::string_view kMark = R"({"type":"ephemeral"})";

// "" = none.
std::string own_mark(const std::optional<element>& json) {
  element found;
  if (!json) return {};
  if ((*json)["cache_control"].get(found) == simdjson::SUCCESS && found.is_object()) {
    return std::string(simdjson::minify(found));
  }
  bool on = true;
  const bool said = (*json)["prompt_cache_breakpoint"].get(found) == simdjson::SUCCESS;
  if (!said || found.is_null() || (found.get(on) == simdjson::SUCCESS && !on)) return {};
  return std::string(kMark);
}

bool any_marked(const std::vector<Part>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [](const Part& part) { return !own_mark(part.json).empty(); });
}

bool has_own(const Conversation& conversation) {
  const auto marked = [](const Item& item) {
    if (const auto* message = std::get_if<Message>(&item)) return any_marked(message->parts);
    const auto* output = std::get_if<CallOutput>(&item);
    return output != nullptr && any_marked(output->parts);
  };
  const auto& tools = conversation.tools;
  return std::any_of(conversation.items.begin(), conversation.items.end(), marked) ||
         std::any_of(tools.begin(), tools.end(),
                     [](const ToolDeclaration& tool) { return !own_mark(tool.json).empty(); });
}

}  // namespace

CacheMarks::CacheMarks(const Conversation& conversation, const AnthropicSettings& settings)
    : automatic_(settings.automatic_caching), mark_(kMark) {
  if (!settings.cache_ttl.empty()) {
    JsonText mark;
    mark.begin_object().put("type", "ephemeral").put("ttl", settings.cache_ttl).end_object();
    mark_ = mark.take();
  }
  wanted_ = !conversation.prompt_cache_key.empty() && !has_own(conversation);
}

void CacheMarks::put_own(JsonText& out, const std::optional<element>& json) {
  const std::string mark = own_mark(json);
  if (mark.empty() || own_ == kMost) return;
  ++own_;
  out.put_raw("cache_control", mark);
}

void CacheMarks::insert(std::string& text, std::size_t end) const {
  if (end == 0 || end > text.size()) return;
  text.insert(end - 1, R"(,"cache_control":)" + mark_);
}

}  // namespace responses_proxy
