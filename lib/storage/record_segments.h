// RecordSegments: the stretches of time that `requests` is divided into.
//
// Role       A hash may be anything: an index over all rows in its order is written everywhere, a
//            page of it for each record. Within a segment the index is small, and the pages that a
//            batch writes are the same ones that the batch before has written. Who looks for a hash
//            asks one segment after the other, the newest first.
// Threads    One at a time, in the transaction that it was made in.
// Limits     A segment has kSegmentRows, and more where the table is large: never much more than
//            kMostSegments of a growing table, whatever its size. A new one begins kLead after the
//            newest row, so that others that write know it by then. Records that are older than
//            all of the table make segments in front of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "storage/sql_connection.h"

namespace responses_proxy {

inline constexpr std::int64_t kSegmentRows = 65'536;
inline constexpr std::int64_t kMostSegments = 64;
inline constexpr std::chrono::seconds kSegmentLead{10};

class RecordSegments {
 public:
  // `rows` of a segment, while the table is small.
  explicit RecordSegments(SqlConnection& connection, std::int64_t rows = kSegmentRows);

  // The segment of a row.
  std::int64_t of(std::int64_t row_key) { return segment(row_key).number; }
  // Its number; that of the first one is 0.
  std::int64_t newest() const { return segments_.back().number; }
  // It is there now.
  void count(std::int64_t row_key) { ++segment(row_key).more; }
  // Writes what has been counted, and begins new segments where they are due.
  void write(SqlConnection& connection);

 private:
  struct Segment {
    std::int64_t number;
    std::int64_t first_key;
    std::int64_t rows;
    std::int64_t more = 0;  // of this transaction
  };

  Segment& segment(std::int64_t row_key);
  bool full(const Segment& segment) const;
  static void open(SqlConnection& connection, std::int64_t number, std::int64_t first_key);

  const std::int64_t rows_;
  std::int64_t all_rows_ = 0;
  std::vector<Segment> segments_;  // in order, at least one
};

}  // namespace responses_proxy
