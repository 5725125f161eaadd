#include "storage/sum_columns.h"

#include <fmt/format.h>

#include "storage/record_fields.h"

namespace responses_proxy {

std::string add_counts(std::string_view table, std::initializer_list<const char*> columns) {
  std::string update;
  for (const char* column : columns) {
    update += fmt::format(", {1} = {0}.{1} + excluded.{1}", table, column);
  }
  return update;
}

std::string add_tokens(std::string_view table) {
  std::string update;
  for (const TokenCount& tokens : kTokenCounts) {
    update += fmt::format(", {1} = COALESCE({0}.{1} + excluded.{1}, {0}.{1}, excluded.{1})", table,
                          tokens.name);
  }
  return update;
}

}  // namespace responses_proxy
