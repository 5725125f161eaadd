// OwnTelemetry: what becomes of the records of a Runtime whose host has no TelemetrySink.
//
// Role       A queue, with a spool behind it, before the database; with Redis before the stream,
//            which workers empty into the database, one of them in here if it is configured. If
//            records are written to the database in here, it is tidied up in here, too.
// Threads    start() and stop() on one thread, the rest from any.
// Ownership  Database, clock, random source and config outlive it.
// Blocking   stop() waits for the records that are still queued.
#pragma once

#include <functional>
#include <memory>

#include "core/periodic_thread.h"
#include "record_stream/stream_gauge.h"
#include "record_stream/stream_record_writer.h"
#include "record_stream/stream_worker.h"
#include "responses_proxy/config.h"
#include "responses_proxy/random.h"
#include "storage/record_maintenance.h"
#include "storage/sql_record_writer.h"
#include "telemetry/queue_sink.h"

namespace responses_proxy {

class OwnTelemetry {
 public:
  OwnTelemetry(const Config& config, Database& database, const Clock& clock, Random& random,
               Log log);

  TelemetrySink& sink() { return queue_; }
  // How the stream is; empty without Redis.
  std::function<StreamStats()> stream_stats();

  void start();
  // After the last record.
  void stop();

 private:
  RecordWriter& target();

  const Config& config_;
  const Clock& clock_;
  Random& random_;
  const Log log_;
  SqlRecordWriter sql_writer_;
  const std::unique_ptr<StreamRecordWriter> stream_writer_;  // with Redis
  QueueTelemetrySink queue_;
  const std::unique_ptr<StreamGauge> stream_gauge_;  // with Redis
  std::unique_ptr<StreamWorker> worker_;             // with Redis, if it is to run in here
  RecordMaintenance maintenance_;
  std::unique_ptr<PeriodicThread> tending_;  // where records are written to the database in here
};

}  // namespace responses_proxy
