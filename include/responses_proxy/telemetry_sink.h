// TelemetrySink: takes the record of every finished request.
//
// Role       The end of the straight line; everything durable hangs behind it.
// Threads    record() from any thread, several at once.
// Errors     record() never throws and never reports: what could not be kept is counted in stats().
// Blocking   record() never blocks on I/O; it enqueues. flush() blocks its caller.
// Limits     A bounded queue, and a bounded file behind it for the time the database does not take
//            records; when both are full the newest record is dropped and counted.
#pragma once

#include <cstdint>
#include <memory>

#include "responses_proxy/clock.h"
#include "responses_proxy/request_record.h"

namespace responses_proxy {

struct TelemetryStats {
  std::uint64_t recorded = 0;  // accepted by record()
  std::uint64_t written = 0;   // in the database, those of an earlier run's spool included
  std::uint64_t dropped = 0;   // lost: no room, refused by the database, or given up on
  std::uint64_t queued = 0;    // waiting in memory now
  std::uint64_t spooled = 0;   // waiting in the spool file now
};

class TelemetrySink {
 public:
  virtual ~TelemetrySink() = default;
  virtual void record(RequestRecord record) noexcept = 0;
  // Waits until what was recorded before the call is durable: in the database or, while that takes
  // none, in the spool file. false: not within `timeout`.
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
