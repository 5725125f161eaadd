// QueueTelemetrySink: bounded queue -> batches -> RecordWriter (the target), with a spool file for
// bad times.
//
// Role       Shares transactions between records: the feeder lingers a moment after the first one,
//            then hands all that are there to the writer. When the target fails, or is silent for
//            longer than `patience`, records go to the spool and the target is asked again with
//            growing pauses; once it answers, the spool is replayed, oldest first. Without room in
//            the spool a batch stays in memory and the queue fills up to its bound.
// Threads    As TelemetrySink. The feeder owns the spool; a second thread is the only one that
//            calls the target, so that it never keeps the feeder from the spool.
// Ownership  Target and clock outlive the sink. The destructor writes what is queued, or spools it;
// what
//            neither takes is counted as dropped.
// Errors     The constructor throws SpoolInUse. One log line when an outage begins, one when it is
//            over. A record that the target refuses is dropped and counted; the first is logged.
// Limits     At most `capacity` records wait in memory; one batch more during a replay, or while
//            the target is silent. The bodies in each of these have at most `max_body_bytes`.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "responses_proxy/log.h"
#include "responses_proxy/telemetry_sink.h"
#include "storage/record_writer.h"
#include "telemetry/backlog.h"
#include "telemetry/batch_writer.h"

namespace responses_proxy {

// For a database behind a network: a batch is five round trips, and the first one connects as well,
// so slow is not silent.
inline constexpr Millis kRemotePatience{3'000};

struct QueueSinkOptions {
  std::size_t max_batch = 2048;  // records per transaction
  Millis linger{50};             // at most this long after the first record
  Millis patience{1'000};        // with the target, before a batch under way is spooled as well
  Millis first_retry{100};       // pause after the first failure; doubles each time
  Millis max_retry{5'000};
  std::size_t max_body_bytes = 64 * 1024 * 1024;  // of captured bodies that wait in memory
  Millis tend_every{1'000};                       // while there is nothing to write
  std::string spool_path;                         // "" = no spool
  std::uint64_t spool_bytes = 0;                  // 0 = no spool
};

class QueueTelemetrySink final : public TelemetrySink {
 public:
  QueueTelemetrySink(RecordWriter& target, std::size_t capacity, const Clock& clock, Log log,
                     QueueSinkOptions options = {});
  ~QueueTelemetrySink() override;
  QueueTelemetrySink(const QueueTelemetrySink&) = delete;
  QueueTelemetrySink& operator=(const QueueTelemetrySink&) = delete;

  void record(RequestRecord record) noexcept override;
  bool flush(Millis timeout) override;
  TelemetryStats stats() const override;

 private:
  using Records = std::deque<RequestRecord>;
  using Batch = BatchWriter::Batch;
  enum class Admitted { quietly, wakes, not_any_more };

  // Queues the record, or counts it as dropped.
  Admitted admit(RequestRecord&& record) noexcept;

  // The feeder's steps.
  void run();
  // Waits for records and takes them all; none when it is the replay's turn. nullopt: stopping, and
  // nothing is left.
  std::optional<Records> take();
  // Hands each of the records to the target or to the spool. false: given up on, because the sink
  // is stopping.
  bool keep(const Batch& batch);
  // The target or nothing.
  bool hold(const Batch& batch);
  // Goes on with the replay as far as it goes without waiting.
  void replay();

  void start(Batch batch);
  // The outcome of the batch under way, if there is one by then.
  std::optional<BatchWriter::Outcome> wait_for_outcome(std::optional<Millis> timeout);
  // true: the target works, and has what it takes of the batch.
  bool learn(const BatchWriter::Outcome& outcome);
  // For a batch of the queue's; as learn().
  bool settle_batch(const BatchWriter::Outcome& outcome);
  // For a batch of the spool's, or one that is in the spool as well.
  void settle_under_way(const BatchWriter::Outcome& outcome);
  void forget_replayed(std::size_t written, std::size_t refused);
  void begin_outage(const std::string& problem);
  void end_outage();
  // false: the sink was stopping before the pause began.
  bool pause();
  // Negative when the time has come.
  SteadyTime::duration until_retry() const { return retry_at_ - clock_.steady(); }
  void settle(std::size_t written, std::size_t spooled, std::size_t lost);
  void give_up();
  // Makes room for the record's bodies, or takes them out of it.
  void admit_bodies(RequestRecord& record);
  // Spools what the target gives back at the end.
  void take_back();
  void log_lost(std::size_t records, std::string message);

  bool in_trouble() const { return failing_ || !backlog_.empty(); }
  std::size_t pending() const { return static_cast<std::size_t>(accepted_ - settled_); }

  RecordWriter& target_;
  const std::size_t capacity_;
  const Clock& clock_;
  const Log log_;
  const QueueSinkOptions options_;

  // Used by the feeder only.
  Backlog backlog_;
  std::size_t under_way_ = 0;             // records of the batch the writer has
  std::optional<Spool::Batch> replayed_;  // ... which is this one of the spool's
  bool failing_ = false;                  // the writer's last batch failed, or it is silent
  bool outage_ = false;                   // from the first failure until the spool is empty
  bool refusal_logged_ = false;
  std::size_t replayed_count_ = 0;  // in this outage
  Millis retry_;
  SteadyTime retry_at_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_feeder_;
  std::condition_variable settled_changed_;
  Records queue_;
  std::optional<BatchWriter::Outcome> outcome_;
  std::uint64_t accepted_ = 0;
  std::uint64_t settled_ = 0;  // written, spooled or lost, in the order they were accepted
  std::uint64_t written_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t spooled_ = 0;
  struct Bodies {
    std::uint64_t record;  // counted as accepted_
    std::size_t bytes;
  };
  std::deque<Bodies> bodies_;  // of records that are not settled
  std::size_t body_bytes_ = 0;
  std::uint64_t bodies_dropped_ = 0;
  bool full_ = false;              // and the log knows
  std::uint64_t flush_up_to_ = 0;  // the feeder does not linger before it has settled that many
  bool stopping_ = false;

  BatchWriter writer_;
  std::thread feeder_;  // last: starts when everything else stands
};

}  // namespace responses_proxy
