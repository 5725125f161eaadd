// GET /v1/responses/{id}/input_items: a page of the items that a response was made from.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "responses_proxy/conversations.h"
#include "responses_proxy/result.h"

namespace responses_proxy::local_answers {

struct ItemPage {
  static constexpr std::size_t kDefaultLimit = 20;
  static constexpr std::size_t kMaxLimit = 100;

  std::size_t limit = kDefaultLimit;
  bool oldest_first = false;
  std::string after;  // id of an item; "" = from the beginning
};

// Of the request's query; `include` adds nothing, since all there is stands in the items anyway.
Result<ItemPage> read_item_page(std::string_view query);

// Items of one turn.
struct TurnItems {
  std::string_view response_id;  // of the turn: its items have names made from it
  std::string_view items;        // comma-separated JSON
  bool output = false;           // of the answer; they have names already
};

// All that a response was made from, oldest first: the turns before it and its own input.
std::vector<TurnItems> input_of(const History& history);

// A list object. Error: `after` is none of them.
Result<std::string> item_list(const std::vector<TurnItems>& turns, const ItemPage& page);

// What the item is called that stands at `index` of the input of that response, where the client
// has given it no name.
std::string input_item_id(std::string_view response_id, std::string_view type, std::size_t index);

// As the API gives an item of an input back: with an id, a type, its content as parts.
Json given_back(Json item, const std::string& id);

}  // namespace responses_proxy::local_answers
