// The `input` of a Responses request as a list of items: comma-separated JSON, without brackets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json_edit.h"

namespace responses_proxy {

// `input`: the JSON of the member. A text becomes an item; "" for anything that has no items.
std::string input_items(std::string_view input);

// Takes in the items of an array, each as it stands; false if one of them is no object.
bool split_items(std::string_view array, std::vector<std::string>& items);

// Both lists in one.
void append_items(std::string& items, std::string_view more);

// Puts `history`, which is such lists, before the items of the request's own input, and takes out
// what it continues: so it is complete in itself. Nothing is copied; see JsonEdit::put.
void put_history(JsonEdit& edit, const JsonMembers& request, const JsonPieces& history);

}  // namespace responses_proxy
