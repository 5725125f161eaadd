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
#include <deque>
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
  // The record's texts are not needed afterwards.
  void add(const RequestRecord& record);
  // In the order of the keys: two writers never wait for each other crosswise.
  void write(SqlConnection& connection) const;

 private:
  // What a sum is of; its texts are a record's, or those of an Id.
  struct Key {
    std::int64_t day = 0;
    std::string_view session_id;  // "" in usage_days
    std::string_view model;
    std::string_view resource_id;
    std::string_view pool_id;
    std::string_view asked_pool_id;
    std::string_view caller;
    std::int64_t status_code = 0;
    std::strong_ordering operator<=>(const Key&) const = default;
  };
  // A key with texts of its own.
  class Id {
   public:
    explicit Id(const Key& key);
    Id(const Id&) = delete;
    Id& operator=(const Id&) = delete;
    const Key& key() const { return key_; }

   private:
    std::string texts_;
    Key key_;
  };
  struct ByKey {
    using is_transparent = void;
    static const Key& key(const Id& id) { return id.key(); }
    static const Key& key(const Key& key) { return key; }
    template <class Left, class Right>
    bool operator()(const Left& left, const Right& right) const {
      return key(left) < key(right);
    }
  };
  using Sums = std::map<Id, UsageRow, ByKey>;

  // A map, and the entry that was last asked for: records come in runs of the same kind.
  struct Table {
    UsageRow& operator[](const Key& key);
    Sums sums;
    Sums::iterator last = sums.end();
  };

  static void write_table(SqlConnection& connection, const SqlInsert& into, const Sums& sums);
  // Until it ends.
  std::string_view text_of(std::string_view text);

  Table days_;
  Table session_days_;
  std::deque<std::string> texts_;
};

}  // namespace responses_proxy
