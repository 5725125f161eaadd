// Rows that add up: what happens to one that is there when another comes under its key.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/token_usage.h"
#include "storage/sql_connection.h"

namespace responses_proxy {

// "column = table.column + excluded.column" of each, with commas between them.
std::string add_counts(std::string_view table, std::initializer_list<const char*> columns);
// The same for the columns of kTokenCounts, which stay NULL while nobody has reported a number.
std::string add_tokens(std::string_view table);
// The cells of those columns.
void append_tokens(std::vector<SqlCell>& cells, const TokenUsage& usage);

}  // namespace responses_proxy
