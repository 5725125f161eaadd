// TelemetrySink: takes the record of every finished request.
//
// Role       The end of the straight line; everything durable hangs behind it.
// Threads    record() from any thread, several at once.
// Errors     record() never throws and never reports: what could not be kept is counted in stats().
// Blocking   record() never blocks on I/O; it enqueues. flush() blocks its caller.
// Limits     A bounded queue, and a bounded file behind it for the time the database does not take
//            records; when both are full the newest record is dropped and counted. Captured bodies
//            have a bound of their own, in bytes; without room a record is kept without them.
#pragma once

#include <cstdint>
#include <memory>

#include "responses_proxy/clock.h"
#include "responses_proxy/export.h"
#include "responses_proxy/request_record.h"

namespace RP_PUBLIC responses_proxy {

struct TelemetryStats {
  std::uint64_t recorded = 0;  // accepted by record()
  std::uint64_t written = 0;   // in the database, or in the Redis stream on the way there;
                               // those of an earlier run's spool included
  std::uint64_t dropped = 0;   // lost: no room, refused, given up on, or gone with Redis' data
  std::uint64_t queued = 0;    // waiting in memory now
  std::uint64_t spooled = 0;   // waiting in the spool file now
  std::uint64_t bodies_dropped = 0;  // records kept without their bodies, which had no room
};

// The Redis stream that all replicas write to and the workers read from.
struct StreamStats {
  bool reachable = false;     // Redis answers; otherwise the rest is 0
  std::uint64_t length = 0;   // records that are not in the database yet
  std::uint64_t pending = 0;  // those of them that a worker has in hand
  std::uint64_t written = 0;  // by all workers, since Redis has its data
  std::uint64_t poison = 0;   // set aside by them
};

class TelemetrySink {
 public:
  virtual ~TelemetrySink() = default;
  virtual void record(RequestRecord record) noexcept = 0;
  // Waits until what was recorded before the call is out of the process: in the database, in the
  // Redis stream or, while neither takes any, in the spool file. false: not within `timeout`.
  virtual bool flush(Millis timeout) = 0;
  virtual TelemetryStats stats() const = 0;
};

// Keeps nothing; for hosts that have telemetry of their own.
class NullTelemetrySink final : public TelemetrySink {
 public:
  void record(RequestRecord) noexcept override {}
  bool flush(Millis) override { return true; }
  TelemetryStats stats() const override { return {}; }
};

}  // namespace responses_proxy
