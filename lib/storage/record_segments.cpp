#include "storage/record_segments.h"

#include <algorithm>
#include <array>

#include "storage/record_key.h"

namespace responses_proxy {

namespace {

constexpr std::int64_t kFirstKey = -kLastMicros * kSlots;
constexpr std::int64_t kLeadKeys =
    std::chrono::duration_cast<std::chrono::microseconds>(kSegmentLead).count() * kSlots;

std::int64_t key_of(SqlConnection& connection, const char* end) {
  std::int64_t key = 0;
  connection.query(std::string("SELECT row_key FROM requests ORDER BY row_key") + end, {},
                   [&](const SqlRow& row) { key = row.integer(0); });
  return key;
}

}  // namespace

RecordSegments::RecordSegments(SqlConnection& connection, std::int64_t rows) : rows_(rows) {
  connection.query("SELECT segment, first_key, requests FROM record_segments ORDER BY segment", {},
                   [&](const SqlRow& row) {
                     segments_.push_back({row.integer(0), row.integer(1), row.integer(2)});
                     all_rows_ += row.integer(2);
                   });
  if (!segments_.empty()) return;
  open(connection, 0, kFirstKey);
  segments_.push_back({0, kFirstKey, 0});
}

RecordSegments::Segment& RecordSegments::segment(std::int64_t row_key) {
  const auto behind = std::upper_bound(
      segments_.begin(), segments_.end(), row_key,
      [](std::int64_t key, const Segment& segment) { return key < segment.first_key; });
  return behind == segments_.begin() ? segments_.front() : *(behind - 1);
}

bool RecordSegments::full(const Segment& segment) const {
  return segment.rows + segment.more >= std::max(rows_, all_rows_ / kMostSegments);
}

void RecordSegments::write(SqlConnection& connection) {
  for (const Segment& segment : segments_) {
    if (segment.more == 0) continue;
    const std::array<SqlValue, 2> values{segment.more, segment.number};
    connection.execute("UPDATE record_segments SET requests = requests + $1 WHERE segment = $2",
                       values);
  }
  const Segment& last = segments_.back();
  if (last.more > 0 && full(last)) {
    open(connection, last.number + 1, key_of(connection, " DESC LIMIT 1") + kLeadKeys);
  }
  // The first one ends at its oldest row, then.
  Segment& first = segments_.front();
  if (first.more == 0 || &first == &last || !full(first)) return;
  const std::array<SqlValue, 2> values{key_of(connection, " LIMIT 1"), first.number};
  connection.execute("UPDATE record_segments SET first_key = $1 WHERE segment = $2", values);
  open(connection, first.number - 1, kFirstKey);
}

void RecordSegments::open(SqlConnection& connection, std::int64_t number, std::int64_t first_key) {
  const std::array<SqlValue, 2> values{number, first_key};
  connection.execute(
      "INSERT INTO record_segments (segment, first_key, requests) VALUES ($1, $2, 0) "
      "ON CONFLICT DO NOTHING",
      values);
}

}  // namespace responses_proxy
