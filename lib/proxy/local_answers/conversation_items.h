// The items of a conversation that is kept here, one by one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/local_answers/input_item_list.h"
#include "responses_proxy/conversations.h"

namespace responses_proxy::local_answers {

// All of them, oldest first.
std::vector<TurnItems> items_of(const History& history);

// That one, as the API gives it back; nullopt: there is none of that id.
std::optional<std::string> item_of(const History& history, std::string_view id);

// All but that one, as comma-separated JSON in which each has its id: they can stand in another
// turn. nullopt: there is none of that id.
std::optional<std::string> items_without(const History& history, std::string_view id);

}  // namespace responses_proxy::local_answers
