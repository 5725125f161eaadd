#include "dialects/chat_completions/reasoning_details.h"

#include <algorithm>

#include "core/json_reader.h"
#include "core/json_text.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;
using Members = std::vector<std::pair<std::string, std::string>>;

bool is_joined(std::string_view key) {
  return key == "text" || key == "summary" || key == "data";
}

std::string& member_at(Members& members, std::string_view key) {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [key](const auto& one) { return one.first == key; });
  if (found != members.end()) return found->second;
  return members.emplace_back(std::string(key), std::string()).second;
}

}  // namespace

void ReasoningDetails::add(simdjson::dom::array pieces) {
  for (const element piece : pieces) {
    simdjson::dom::object members;
    if (piece.get(members) != simdjson::SUCCESS) continue;
    Detail& into = detail(piece);
    for (const auto [key, value] : members) {
      std::string_view text;
      if (is_joined(key) && value.get(text) == simdjson::SUCCESS) {
        member_at(into.texts, key).append(text);
      } else if (!value.is_null() || !is_joined(key)) {
        std::string& json = member_at(into.members, key);
        if (!value.is_null() || json.empty()) json = simdjson::minify(value);
      }
    }
  }
}

ReasoningDetails::Detail& ReasoningDetails::detail(element piece) {
  const std::string type(string_at(piece, "type"));
  element index;
  const std::string at =
      piece["index"].get(index) == simdjson::SUCCESS ? simdjson::minify(index) : std::string();
  // Without an index what follows belongs to what came last.
  if (!details_.empty() && details_.back().type == type && details_.back().index == at) {
    return details_.back();
  }
  const auto found = std::find_if(details_.begin(), details_.end(), [&](const Detail& one) {
    return !at.empty() && one.type == type && one.index == at;
  });
  if (found != details_.end()) return *found;
  details_.push_back({type, at, {}, {}});
  return details_.back();
}

std::string ReasoningDetails::take() {
  JsonText out;
  out.begin_array();
  for (const Detail& detail : details_) {
    out.begin_object();
    for (const auto& [key, json] : detail.members) out.put_raw(key, json);
    for (const auto& [key, text] : detail.texts) out.put(key, text);
    out.end_object();
  }
  details_.clear();
  return out.end_array().take();
}

std::string ReasoningDetails::text_of(simdjson::dom::array pieces) {
  std::string text;
  for (const element piece : pieces) {
    const std::string_view said = string_at(piece, "text");
    text.append(said.empty() ? string_at(piece, "summary") : said);
  }
  return text;
}

}  // namespace responses_proxy
