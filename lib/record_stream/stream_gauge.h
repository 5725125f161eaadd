// StreamGauge: how much waits in the Redis stream, for people and alarms.
//
// Threads    Safe from any thread. One caller at a time asks Redis, the others get the last answer.
// Blocking   read() waits for Redis at most twice the time-out it was given, once in kFresh.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "record_stream/stream.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/telemetry_sink.h"

namespace responses_proxy {

class StreamGauge {
 public:
  static constexpr Millis kFresh{1'000};

  StreamGauge(StreamOptions options, Millis timeout, const Clock& clock);

  StreamStats read();

 private:
  StreamStats ask();

  StreamOptions options_;
  const Clock& clock_;
  std::unique_ptr<BlockingConnection> redis_;  // of whoever asks
  std::mutex mutex_;                           // guards what follows; not held while asking
  StreamStats last_;
  std::optional<SteadyTime> asked_at_;
  bool asking_ = false;
};

}  // namespace responses_proxy
