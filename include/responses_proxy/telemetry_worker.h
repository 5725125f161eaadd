// TelemetryWorker: moves records from the Redis stream to the database; what `rp-server worker`
// runs.
//
// Role       Any number of them, in any processes, share the stream. A record is written once,
//            whatever is killed in between; what a dead worker had in hand is taken over. It also
//            deletes what is older than Config::record_retention_days.
// Threads    Two of its own, from the constructor on. The rest from any thread.
// Ownership  Clock and random source outlive it, where the host gives some.
// Errors     The constructor throws std::runtime_error when Config::redis_url is empty or no Redis
//            URL, or the database cannot be opened. Later troubles are events of the log; records
//            stay in the stream until both Redis and the database work.
// Blocking   The constructor opens (and migrates) the database; stop() waits for the batch in hand.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "responses_proxy/clock.h"
#include "responses_proxy/config.h"
#include "responses_proxy/export.h"
#include "responses_proxy/log.h"

namespace RP_PUBLIC responses_proxy {

struct TelemetryWorkerStats {
  std::uint64_t written = 0;  // records, in the database before or not
  std::uint64_t poison = 0;   // set aside: unreadable, or refused by the database
  std::uint64_t claimed = 0;  // taken over from workers that died
};

class Random;

struct TelemetryWorkerOptions {
  Log log = ignore_log;
  // A worker that has had a record in hand for so long is taken for dead.
  Millis claim_idle{30'000};
  // Null: the system's, and a source of its own.
  const Clock* clock = nullptr;
  Random* random = nullptr;
};

class TelemetryWorker {
 public:
  explicit TelemetryWorker(const Config& config, TelemetryWorkerOptions options = {});
  ~TelemetryWorker();  // stops
  TelemetryWorker(const TelemetryWorker&) = delete;
  TelemetryWorker& operator=(const TelemetryWorker&) = delete;

  // Finishes the batch in hand; what else there is stays in the stream. Idempotent.
  void stop();
  TelemetryWorkerStats stats() const;
  // Its name in the consumer group.
  const std::string& name() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace responses_proxy
