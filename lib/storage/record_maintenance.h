// RecordMaintenance: what has to be done to the records now and then.
//
// Role       Moves the records and sums that an earlier version has written to where they are now
//            (earlier_records.h, earlier_sums.h), and deletes what is older than it may be:
//            requests with their attempts and bodies, sessions that have ended, the usage of single
//            sessions. The sums by day, model, resource and caller stay. For whoever writes
//            records; several processes may do it on one database.
// Threads    One at a time.
// Ownership  Database and clock outlive it.
// Errors     None: what fails is an event of the log, and tried again later.
// Blocking   tend() does SQL, one batch at a time, each a transaction of its own of some ten
//            milliseconds; others that write wait as long.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "responses_proxy/clock.h"
#include "responses_proxy/log.h"
#include "storage/database.h"
#include "storage/list_sql.h"

namespace responses_proxy {

// What deletes the rows older than `oldest`, those first that come first in an index: at most
// `rows` requests, sessions, and sessions' days.
std::array<SqlQuery, 3> deletions(WallTime oldest, std::int64_t rows);

class RecordMaintenance {
 public:
  // Rows of one batch.
  static constexpr std::int64_t kMoveBatch = 500;
  static constexpr std::int64_t kDeleteBatch = 250;
  // Between two batches while there is more to do, and when there is not.
  static constexpr Millis kPause{10};
  static constexpr Millis kRest{60'000};

  // `retention`: how long records are kept; zero = for ever.
  RecordMaintenance(Database& database, const Clock& clock, std::chrono::days retention, Log log);

  // One batch. Says how long to wait before the next one.
  Millis tend() noexcept;

 private:
  // Both are true if there is more to do at once.
  bool move_batch();
  bool delete_batch();
  void tell_failed(const std::string& problem);

  Database& database_;
  const Clock& clock_;
  const std::chrono::days retention_;
  const Log log_;
  bool all_moved_ = false;
  bool failing_ = false;
};

}  // namespace responses_proxy
