// StreamWorker: takes records from the Redis stream and writes them to the database.
//
// Role       One batch after the other: read, one transaction, out of the stream. A batch that was
//            written and not taken out (killed in between) is written again, which changes nothing.
//            Entries that cannot be read, and records that the database refuses one by one, are set
//            aside in the stream's `:poison`.
// Threads    One of its own, from the constructor until stop(); nobody else may use the writer.
// Ownership  Writer and clock outlive it.
// Errors     Redis or the database not working: a line in the log when it begins and when it ends,
//            attempts with growing pauses in between; entries stay in the stream meanwhile.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "record_stream/stream_consumer.h"
#include "responses_proxy/log.h"
#include "responses_proxy/random.h"
#include "responses_proxy/telemetry_worker.h"
#include "storage/record_writer.h"
#include "telemetry/outage_watch.h"
#include "telemetry/write_parts.h"

namespace responses_proxy {

// "worker-1-<host>-<pid>-<random>"
std::string consumer_name(const std::string& prefix, Random& random);

struct StreamWorkerOptions {
  StreamConsumerOptions consumer;
  Millis first_retry{100};
  Millis max_retry{5'000};
};

class StreamWorker {
 public:
  StreamWorker(StreamOptions stream, RecordWriter& records, const Clock& clock, Log log,
               StreamWorkerOptions options);
  ~StreamWorker();  // stops
  StreamWorker(const StreamWorker&) = delete;
  StreamWorker& operator=(const StreamWorker&) = delete;

  // Finishes the batch in hand unless the database does not take it. With `empty_within`: goes on
  // for so long while there is something in the stream. Returns at once; the first call counts.
  void request_stop(Millis empty_within = Millis(0));
  // The same, and waits for the end of it. Idempotent.
  void stop(Millis empty_within = Millis(0));
  TelemetryWorkerStats stats() const;

 private:
  using Entries = std::vector<StreamEntry>;

  void run();
  // false: there was nothing.
  bool work();
  void store(Entries entries);
  // Nothing: given up on, because the worker is stopping.
  std::optional<std::vector<RefusedRecord>> write(const std::vector<RequestRecord>& records);
  void set_aside(const std::vector<PoisonEntry>& poison);
  bool goes_on(bool found_something);
  // Until stop() or the end of the pause.
  void pause(Millis duration);
  void leave();

  RecordWriter& records_;
  const Clock& clock_;
  const Log log_;
  StreamConsumer consumer_;
  OutageWatch redis_;
  OutageWatch database_;
  bool poison_logged_ = false;
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> poison_{0};
  std::atomic<std::uint64_t> claimed_{0};

  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  bool stopping_ = false;
  SteadyTime empty_until_{};
  std::thread thread_;  // last: starts when everything else stands
};

}  // namespace responses_proxy
