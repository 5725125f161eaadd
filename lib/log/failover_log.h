// FailoverLog: tells the log that requests move away from a resource, seldom enough to be read.
//
// Role       A TelemetrySink in front of another one: it looks at the attempts of each record. The
//            first move away from a resource is told at once, further ones as a number.
// Threads    As TelemetrySink; tick() from any thread.
// Limits     One event per resource and kEvery.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "responses_proxy/clock.h"
#include "responses_proxy/log.h"
#include "responses_proxy/telemetry_sink.h"

namespace responses_proxy {

class FailoverLog final : public TelemetrySink {
 public:
  static constexpr Millis kEvery{10'000};

  // What people call the resource with that id.
  using NameOf = std::function<std::string(const std::string& resource_id)>;

  FailoverLog(TelemetrySink& next, Log log, const Clock& clock, NameOf name_of)
      : next_(next), log_(std::move(log)), clock_(clock), name_of_(std::move(name_of)) {}

  void record(RequestRecord record) noexcept override;
  bool flush(Millis timeout) override { return next_.flush(timeout); }
  TelemetryStats stats() const override { return next_.stats(); }

  // Tells what has come together; to be called every kEvery or so.
  void tick();

 private:
  struct Moves {
    std::uint64_t untold = 0;
    std::string error;  // of the last one
    SteadyTime quiet_until;
  };

  void note(const AttemptRecord& failed);
  void tell(const std::string& resource_id, Moves& moves);

  TelemetrySink& next_;
  const Log log_;
  const Clock& clock_;
  const NameOf name_of_;
  std::mutex mutex_;
  std::map<std::string, Moves, std::less<>> by_resource_;  // only those told of lately
};

}  // namespace responses_proxy
