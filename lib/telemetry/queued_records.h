// QueuedRecords: SqlRecords over a Database of any kind.
#pragma once

#include <memory>

#include "responses_proxy/sql_records.h"
#include "storage/database.h"
#include "storage/sql_record_queries.h"
#include "storage/sql_record_writer.h"
#include "telemetry/queue_sink.h"

namespace responses_proxy {

class QueuedRecords final : public SqlRecords {
 public:
  // `patience`: QueueSinkOptions::patience. Throws StorageError if another process has the spool.
  QueuedRecords(std::unique_ptr<Database> database, const Clock& clock, SqlRecordsOptions options,
                Millis patience);

  TelemetrySink& sink() override { return queue_; }
  RecordQueries& queries() override { return queries_; }
  void ping() override { database_->ping(); }

 private:
  const std::unique_ptr<Database> database_;
  SqlRecordWriter writer_;
  SqlRecordQueries queries_;
  QueueTelemetrySink queue_;  // last: writes when it ends
};

}  // namespace responses_proxy
