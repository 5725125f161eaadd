// QueueTelemetrySink: bounded queue -> one writer thread -> RecordStore, in batches.
//
// Role       Shares transactions between records: the writer lingers a moment after the first one,
//            then writes all that are there. A batch that the store refuses is kept and tried
//            again, with growing pauses, while the queue fills up to its bound.
// Threads    As TelemetrySink. The writer is the only one that calls store.write().
// Ownership  The store outlives the sink. The destructor writes what is queued; the first failure
//            then ends it, and the rest is counted as dropped.
// Errors     One log line when the store begins to fail, one at the end of the outage.
// Limits     At most `capacity` records wait, the batch under way included.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "responses_proxy/telemetry_sink.h"
#include "storage/record_store.h"

namespace responses_proxy {

struct QueueSinkOptions {
  std::size_t max_batch = 2048;  // records per transaction
  Millis linger{100};            // at most this long after the first record
  Millis first_retry{100};       // pause after the first failure; doubles each time
  Millis max_retry{5'000};
};

class QueueTelemetrySink final : public TelemetrySink {
 public:
  using Log = std::function<void(const std::string&)>;

  QueueTelemetrySink(RecordStore& store, std::size_t capacity, Log log,
                     QueueSinkOptions options = {});
  ~QueueTelemetrySink() override;
  QueueTelemetrySink(const QueueTelemetrySink&) = delete;
  QueueTelemetrySink& operator=(const QueueTelemetrySink&) = delete;

  void record(RequestRecord record) noexcept override;
  bool flush(Millis timeout) override;
  TelemetryStats stats() const override;

 private:
  using Records = std::deque<RequestRecord>;

  void run();
  // Waits for records and takes them all; empty = stopping, and nothing is left.
  Records take();
  // Waits until the records are written. false: given up on, because the sink is stopping.
  bool deliver(const std::vector<RequestRecord>& batch);
  // Nothing = written, else why not.
  std::optional<std::string> try_write(const std::vector<RequestRecord>& batch);
  // false: the sink was stopping before the pause began.
  bool pause(Millis duration);
  void settle(std::size_t written, std::size_t lost);
  void give_up();

  std::size_t pending() const { return static_cast<std::size_t>(accepted_ - settled_); }

  RecordStore& store_;
  const std::size_t capacity_;
  const Log log_;
  const QueueSinkOptions options_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_writer_;
  std::condition_variable settled_changed_;
  Records queue_;
  std::uint64_t accepted_ = 0;
  std::uint64_t settled_ = 0;  // written or lost, in the order they were accepted
  std::uint64_t written_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t flush_up_to_ = 0;  // the writer does not linger before it has settled that many
  bool stopping_ = false;

  std::thread writer_;  // last: starts when everything else stands
};

}  // namespace responses_proxy
