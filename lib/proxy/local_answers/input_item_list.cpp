#include "proxy/local_answers/input_item_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/json_reader.h"
#include "dialects/translation/client_tools.h"
#include "proxy/local_answers/query_values.h"

namespace responses_proxy::local_answers {

namespace {

using simdjson::dom::element;

// Items of the answer count from 0 (dialects/translation/response_events.cpp).
constexpr std::size_t kFirstInput = 0x8000;
constexpr std::string_view kResponsePrefix = "resp_";

Error bad_limit(std::string_view given) {
  return Error::invalid_request(
      "invalid_value",
      fmt::format("Invalid 'limit': expected an integer from 1 to {}, but got '{}' instead.",
                  ItemPage::kMaxLimit, given),
      "limit");
}

struct ListedItem {
  std::string id;
  std::string json;
};

// Reads items on the way, and keeps those of the page: a long conversation has thousands.
class PageOfItems {
 public:
  explicit PageOfItems(const ItemPage& page) : page_(page), found_(page.after.empty()) {}

  bool full() const { return items_.size() > page_.limit; }
  void take(const TurnItems& turn, element json, std::size_t index) {
    if (full()) return;
    std::string id(string_at(json, "id"));
    if (id.empty()) id = input_item_id(turn.response_id, string_at(json, "type"), index);
    if (found_) {
      items_.push_back({std::move(id), std::string(simdjson::minify(json))});
    } else {
      found_ = id == page_.after;
    }
  }

  Result<std::string> list() {
    if (!found_) {
      return Error::invalid_request(
          "invalid_value", fmt::format("Invalid 'after': there is no item '{}' here.", page_.after),
          "after");
    }
    const bool has_more = full();
    if (has_more) items_.pop_back();
    const auto id_or_null = [](const std::string* id) {
      return id != nullptr ? Json(*id) : Json(nullptr);
    };
    Json list{{"object", "list"}, {"data", Json::array()}};
    for (const ListedItem& item : items_) {
      list["data"].push_back(given_back(Json::parse(item.json, nullptr, false), item.id));
    }
    list["first_id"] = id_or_null(items_.empty() ? nullptr : &items_.front().id);
    list["last_id"] = id_or_null(items_.empty() ? nullptr : &items_.back().id);
    list["has_more"] = has_more;
    return dump(list);
  }

 private:
  const ItemPage& page_;
  bool found_;  // what the page comes after
  std::vector<ListedItem> items_;
};

void read_turn(const TurnItems& turn, bool oldest_first, PageOfItems& page) {
  const std::string text = std::string("[").append(turn.items).append("]");
  read_any_json(text, [&](element root) {
    std::vector<element> items;
    simdjson::dom::array array;
    if (root.get(array) != simdjson::SUCCESS) return;
    for (const element item : array) items.push_back(item);
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::size_t index = oldest_first ? i : items.size() - 1 - i;
      page.take(turn, items[index], index);
    }
  });
}

// What ids of such an item begin with.
std::string_view prefix_of(std::string_view type) {
  if (type.empty() || type == "message") return "msg";
  if (type == "reasoning") return "rs";
  if (const auto kind = kind_of_call(type)) return id_prefix(*kind);
  if (type == "function_call_output") return "fco";
  if (type == "custom_tool_call_output") return "ctco";
  return "item";
}

Json parts_of(const Json& text, bool assistant) {
  Json part{{"type", assistant ? "output_text" : "input_text"}, {"text", text}};
  if (assistant) part["annotations"] = Json::array();
  return Json::array({std::move(part)});
}

}  // namespace

Result<ItemPage> read_item_page(std::string_view query) {
  ItemPage page;
  if (const auto limit = query_value(query, "limit")) {
    const char* const end = limit->data() + limit->size();
    const auto [stop, error] = std::from_chars(limit->data(), end, page.limit);
    const bool number = error == std::errc{} && stop == end;
    if (!number || page.limit < 1 || page.limit > ItemPage::kMaxLimit) return bad_limit(*limit);
  }
  const std::string order = query_value(query, "order").value_or("desc");
  if (order != "asc" && order != "desc") {
    return Error::invalid_request(
        "invalid_value",
        fmt::format("Invalid 'order': expected 'asc' or 'desc', but got '{}' instead.", order),
        "order");
  }
  page.oldest_first = order == "asc";
  page.after = query_value(query, "after").value_or("");
  return page;
}

std::vector<TurnItems> input_of(const History& history) {
  std::vector<TurnItems> turns;
  turns.push_back({history.latest().id, history.latest().input, false});
  for (const History* one = history.before().get(); one != nullptr; one = one->before().get()) {
    turns.push_back({one->latest().id, one->latest().output, true});
    turns.push_back({one->latest().id, one->latest().input, false});
  }
  std::reverse(turns.begin(), turns.end());
  return turns;
}

Result<std::string> item_list(const std::vector<TurnItems>& turns, const ItemPage& page) {
  PageOfItems items(page);
  for (std::size_t i = 0; i < turns.size() && !items.full(); ++i) {
    const std::size_t index = page.oldest_first ? i : turns.size() - 1 - i;
    read_turn(turns[index], page.oldest_first, items);
  }
  return items.list();
}

std::string input_item_id(std::string_view response_id, std::string_view type, std::size_t index) {
  if (response_id.starts_with(kResponsePrefix)) response_id.remove_prefix(kResponsePrefix.size());
  return fmt::format("{}_{}{:04x}", prefix_of(type), response_id, kFirstInput + index);
}

Json given_back(Json item, const std::string& id) {
  if (!item.is_object()) return item;
  const bool message = !item.contains("type") && item.contains("role");
  Json given{{"id", id}};
  if (message) given["type"] = "message";
  for (auto& [key, value] : item.items()) {
    if (key != "id") given[key] = std::move(value);
  }
  if (!given.contains("status") || given["status"].is_null()) given["status"] = "completed";
  if (given.contains("content") && given["content"].is_string()) {
    const bool assistant = given.contains("role") && given["role"] == "assistant";
    given["content"] = parts_of(given["content"], assistant);
  }
  return given;
}

}  // namespace responses_proxy::local_answers
