// SqlRecords: records of requests in a SQL database, for a host without a Runtime.
//
// Role       sink() queues records and writes them in batches; queries() answers what is on record.
//            Give them to ProxyOptions::telemetry and ControlPlaneContext::records, or call them
//            yourself.
// Threads    Safe from any thread. Two threads of its own write.
// Ownership  Clock and log outlive it; sink and queries go with it.
// Errors     Opening throws StorageError for a URL that is none, a SQLite file that cannot be used,
//            tables of a newer version, and std::runtime_error for a spool that another process
//            has. A PostgreSQL that cannot be reached is an event of the log; every call tries
//            again.
// Blocking   Opening migrates the database; the destructor writes what is queued, or spools it.
// Limits     Those of TelemetrySink and RecordQueries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "responses_proxy/clock.h"
#include "responses_proxy/export.h"
#include "responses_proxy/log.h"
#include "responses_proxy/record_queries.h"
#include "responses_proxy/telemetry_sink.h"

namespace RP_PUBLIC responses_proxy {

struct SqlRecordsOptions {
  Log log = ignore_log;
  std::size_t queue_size = 65'536;  // records in memory
  // Where records wait while the database takes none; "" = there is no such file.
  std::string spool_path = {};
  std::uint64_t spool_bytes = 0;
};

class SqlRecords {
 public:
  virtual ~SqlRecords() = default;
  virtual TelemetrySink& sink() = 0;
  virtual RecordQueries& queries() = 0;
  // Throws StorageError when the database does not answer. Blocks.
  virtual void ping() = 0;
};

// sqlite:///relative or sqlite:////absolute; in responses_proxy::sqlite.
std::unique_ptr<SqlRecords> open_sqlite_records(const std::string& url, const Clock& clock,
                                                SqlRecordsOptions options = {});
// postgresql://...; in responses_proxy::postgres.
std::unique_ptr<SqlRecords> open_postgres_records(const std::string& url, const Clock& clock,
                                                  SqlRecordsOptions options = {});

}  // namespace responses_proxy
