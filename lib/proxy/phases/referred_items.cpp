#include "proxy/phases/referred_items.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/input_items.h"
#include "core/json_reader.h"
#include "core/response_id.h"
#include "proxy/aside.h"
#include "proxy/exchange_context.h"
#include "proxy/kept_state.h"

namespace responses_proxy::phases {

namespace {

// The id of the item that this one only names; "" = it is an item itself. The type may be left out.
std::string referred_id(std::string_view item) {
  std::string id;
  read_any_json(item, [&](simdjson::dom::element json) {
    const std::string_view type = string_at(json, "type");
    const bool names =
        type == "item_reference" || (type.empty() && string_at(json, "role").empty());
    if (names) id = string_at(json, "id");
  });
  return id;
}

// What is known of the items of responses that were asked for.
class ReferredItems {
 public:
  explicit ReferredItems(ExchangeContext& exchange) : exchange_(exchange) {}

  // Looks up the response that the item is of, once. Error: nobody can say so now.
  Task<std::optional<Error>> learn(const std::string& item_id) {
    const std::string response_id = own_response_of(item_id);
    if (response_id.empty() || responses_.size() == kMaxReferredResponses) co_return std::nullopt;
    if (!responses_.insert(response_id).second) co_return std::nullopt;
    const auto history = co_await find_conversation(exchange_, response_id);
    if (!history) co_return history.error();
    if (*history && (*history)->latest().stored) take((*history)->latest().output);
    co_return std::nullopt;
  }

  // Empty: nobody knows it.
  std::string_view find(const std::string& item_id) const {
    const auto found = items_.find(item_id);
    return found == items_.end() ? std::string_view() : found->second;
  }

 private:
  void take(const std::string& output) {
    std::vector<std::string> items;
    if (!split_items("[" + output + "]", items)) return;
    for (std::string& item : items) {
      std::string id;
      read_any_json(item, [&](simdjson::dom::element json) { id = string_at(json, "id"); });
      items_.try_emplace(std::move(id), std::move(item));
    }
  }

  ExchangeContext& exchange_;
  std::unordered_set<std::string> responses_;           // that were asked for
  std::unordered_map<std::string, std::string> items_;  // JSON, by id
};

bool refers_to_own(const RequestFacts& facts) {
  return std::any_of(facts.item_references.begin(), facts.item_references.end(),
                     [](const std::string& id) { return !own_response_of(id).empty(); });
}

std::string joined(const std::vector<std::string>& items) {
  std::string list;
  for (const std::string& item : items) append_items(list, item);
  return list.insert(0, 1, '[').append(1, ']');
}

Task<std::optional<Error>> put_own_items(ExchangeContext& exchange) {
  std::string& body = exchange.request.body;
  const auto& turn = exchange.turn;
  const std::size_t size = turn ? turn->input().size() : body.size();
  std::optional<JsonMembers> members;
  std::vector<std::string> items;
  bool readable = false;
  co_await aside(exchange, size > kLargeBody, [&] {
    if (!turn) members = read_members(body);
    const bool there = turn || members;
    readable = there && split_items(turn ? turn->input() : member(*members, "input"), items);
  });
  if (!readable) co_return std::nullopt;
  ReferredItems referred(exchange);
  bool all_known = true;
  for (std::string& item : items) {
    const std::string id = referred_id(item);
    if (id.empty()) continue;
    auto error = co_await referred.learn(id);
    if (error) co_return error;
    const std::string_view known = referred.find(id);
    known.empty() ? void(all_known = false) : void(item = known);
  }
  if (turn) {
    turn->put_input(joined(items));
  } else {
    body = with_value(body, *members, "input", joined(items));
  }
  exchange.items_known = all_known;
  co_return std::nullopt;
}

}  // namespace

Task<std::optional<Error>> put_referred_items(ExchangeContext& exchange) {
  if (!refers_to_own(exchange.facts)) return ready(std::optional<Error>());
  return put_own_items(exchange);
}

}  // namespace responses_proxy::phases
