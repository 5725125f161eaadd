// UsageSums: what a batch of records adds to the sums that usage is read from.
//
// Role       A sum per day (UTC) and all that usage is grouped or filtered by. Sessions are many,
//            so theirs are a table of their own: usage_session_days. usage_days has the others, a
//            few rows a day, however many requests there are.
//            The sums of sessions come in stretches: a day, and within it the segment of requests
//            (record_segments.h) that was the newest when they were written. A batch writes to few
//            pages, then, whatever the sessions' ids; one session may have sums in several
//            stretches of a day.
// Threads    One at a time.
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
#include <unordered_map>
#include <vector>

#include "responses_proxy/request_record.h"
#include "storage/sql_connection.h"

namespace responses_proxy {

inline constexpr std::size_t kMaxSumText = 256;
// A stretch is its day and, in this many bits below, its segment.
inline constexpr int kStretchBits = 20;

// The text as it stands in a sum.
std::string sum_text(std::string_view text);
// Days since 1970-01-01 (UTC).
std::int64_t day_of(WallTime time);
// All stretches of a day are from here to that of the next day.
std::int64_t first_stretch_of(std::int64_t day);

// How rows are added to usage_session_days.
const SqlInsert& into_session_days();

class UsageSums {
 public:
  UsageSums() = default;
  UsageSums(const UsageSums&) = delete;
  UsageSums& operator=(const UsageSums&) = delete;

  // The record outlives this.
  void add(const RequestRecord& record);
  // In the order of the keys: two writers never wait for each other crosswise. `segment`:
  // RecordSegments::newest().
  void write(SqlConnection& connection, std::int64_t segment) const;

 private:
  // What usage is grouped and filtered by, but for the session.
  struct Kind {
    std::int64_t day = 0;
    std::string_view model;
    std::string_view resource_id;
    std::string_view pool_id;
    std::string_view asked_pool_id;
    std::string_view caller;
    std::int64_t status_code = 0;
    auto operator<=>(const Kind&) const = default;
  };
  struct Sum {
    std::int64_t requests = 0;
    std::int64_t errors = 0;
    TokenUsage usage;
    void add(const Sum& part);
  };
  struct Sums {
    Sum all;
    std::unordered_map<std::string_view, Sum> by_session;
  };
  using SumsByKind = std::map<Kind, Sums>;

  Sums& of(const Kind& kind);
  std::string_view text_of(std::string_view text);
  void write_days(SqlConnection& connection) const;
  void write_session_days(SqlConnection& connection, std::int64_t segment) const;
  static void append(std::vector<SqlCell>& cells, std::int64_t time, std::string_view session_id,
                     const Kind& kind, const Sum& sum);

  SumsByKind by_kind_;
  // The one that was last asked for: most records are like the one before.
  SumsByKind::value_type* last_ = nullptr;
  std::deque<std::string> texts_;
};

}  // namespace responses_proxy
