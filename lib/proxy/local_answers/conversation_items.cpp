#include "proxy/local_answers/conversation_items.h"

#include <cstddef>
#include <utility>

#include "core/input_items.h"
#include "core/json.h"
#include "core/json_members.h"

namespace responses_proxy::local_answers {

namespace {

struct NamedItem {
  std::string id;
  std::string json;
  bool has_id;  // it says so itself
};

NamedItem named(std::string json, std::string_view response_id, std::size_t index) {
  const auto members = read_members(json);
  if (!members) return {{}, std::move(json), false};
  std::string id = string_content(member(*members, "id"));
  if (!id.empty()) return {std::move(id), std::move(json), true};
  id = input_item_id(response_id, string_content(member(*members, "type")), index);
  return {std::move(id), std::move(json), false};
}

std::vector<NamedItem> named_items(const TurnItems& turn) {
  std::vector<std::string> items;
  std::vector<NamedItem> all;
  if (!split_items(std::string("[").append(turn.items).append("]"), items)) return all;
  for (std::size_t i = 0; i < items.size(); ++i) {
    all.push_back(named(std::move(items[i]), turn.response_id, i));
  }
  return all;
}

std::string with_id(NamedItem item) {
  if (item.has_id || item.id.empty()) return std::move(item.json);
  const auto members = read_members(item.json);
  return members ? with_value(item.json, *members, "id", dump(Json(item.id))) : item.json;
}

}  // namespace

std::vector<TurnItems> items_of(const History& history) {
  std::vector<TurnItems> turns = input_of(history);
  turns.push_back({history.latest().id, history.latest().output, true});
  return turns;
}

std::optional<std::string> item_of(const History& history, std::string_view id) {
  for (const TurnItems& turn : items_of(history)) {
    for (const NamedItem& item : named_items(turn)) {
      if (item.id == id) return dump(given_back(Json::parse(item.json, nullptr, false), item.id));
    }
  }
  return std::nullopt;
}

std::optional<std::string> items_without(const History& history, std::string_view id) {
  std::string rest;
  bool found = false;
  for (const TurnItems& turn : items_of(history)) {
    for (NamedItem& item : named_items(turn)) {
      if (item.id == id) {
        found = true;
      } else {
        append_items(rest, with_id(std::move(item)));
      }
    }
  }
  return found ? std::optional(std::move(rest)) : std::nullopt;
}

}  // namespace responses_proxy::local_answers
