// Rows that add up: what happens to one that is there when another comes under its key.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace responses_proxy {

// ", column = table.column + excluded.column" of each.
std::string add_counts(std::string_view table, std::initializer_list<const char*> columns);
// The same for the columns of kTokenCounts, which stay NULL while nobody has reported a number.
std::string add_tokens(std::string_view table);

}  // namespace responses_proxy
