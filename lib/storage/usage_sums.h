// UsageSums: what a batch of records adds to the sums that usage is read from.
//
// Role       A sum per day (UTC) and all that usage is grouped or filtered by. Sessions are many,
//            so theirs are a table of their own: usage_session_days. usage_days has the others, a
//            few rows a day, however many requests there are.
// Limits     Of a text its first kMaxSumText bytes count: the index has several in one entry, and
//            PostgreSQL takes 2704 bytes there.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "responses_proxy/record_queries.h"
#include "storage/sql_connection.h"

namespace responses_proxy {

inline constexpr std::size_t kMaxSumText = 256;

// The text as it stands in a sum.
std::string sum_text(std::string_view text);
// Days since 1970-01-01 (UTC).
std::int64_t day_of(WallTime time);

class UsageSums {
 public:
  void add(const RequestRecord& record);
  // In the order of the keys: two writers never wait for each other crosswise.
  void write(SqlConnection& connection) const;

 private:
  struct Key {
    std::int64_t day = 0;
    std::string session_id;  // "" in usage_days
    std::string model;
    std::string resource_id;
    std::string pool_id;
    std::string asked_pool_id;
    std::string caller;
    std::int64_t status_code = 0;
    std::strong_ordering operator<=>(const Key&) const = default;
  };
  using Sums = std::map<Key, UsageRow>;

  static void write_table(SqlConnection& connection, const SqlInsert& into, const Sums& sums);

  Sums days_;
  Sums session_days_;
};

}  // namespace responses_proxy
