#include "storage/sum_columns.h"

#include <fmt/format.h>

#include "storage/record_fields.h"

namespace responses_proxy {

namespace {

const char* comma_behind(const std::string& list) {
  return list.empty() ? "" : ", ";
}

}  // namespace

std::string add_counts(std::string_view table, std::initializer_list<const char*> columns) {
  std::string update;
  for (const char* column : columns) {
    update += fmt::format("{2}{1} = {0}.{1} + excluded.{1}", table, column, comma_behind(update));
  }
  return update;
}

std::string add_tokens(std::string_view table) {
  std::string update;
  for (const TokenCount& tokens : kTokenCounts) {
    update += fmt::format("{2}{1} = COALESCE({0}.{1} + excluded.{1}, {0}.{1}, excluded.{1})", table,
                          tokens.name, comma_behind(update));
  }
  return update;
}

void append_tokens(std::vector<SqlCell>& cells, const TokenUsage& usage) {
  for (const TokenCount& tokens : kTokenCounts) {
    const std::optional<std::int64_t>& count = usage.*tokens.count;
    cells.push_back(count ? SqlCell(*count) : SqlCell());
  }
}

}  // namespace responses_proxy
