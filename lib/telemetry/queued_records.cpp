#include "telemetry/queued_records.h"

#include <utility>

namespace responses_proxy {

namespace {

QueueSinkOptions queue_options(const SqlRecordsOptions& options, Millis patience) {
  QueueSinkOptions queue;
  queue.patience = patience;
  queue.spool_path = options.spool_path;
  queue.spool_bytes = options.spool_bytes;
  return queue;
}

}  // namespace

QueuedRecords::QueuedRecords(std::unique_ptr<Database> database, const Clock& clock,
                             SqlRecordsOptions options, Millis patience)
    : database_(std::move(database)),
      writer_(*database_),
      queries_(*database_),
      queue_(writer_, options.queue_size, clock, options.log, queue_options(options, patience)) {}

}  // namespace responses_proxy
