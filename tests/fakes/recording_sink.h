// A TelemetrySink that keeps the records for the test.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "responses_proxy/telemetry_sink.h"

namespace responses_proxy::testing {

class RecordingSink final : public TelemetrySink {
 public:
  void record(RequestRecord record) noexcept override {
    const std::scoped_lock lock(mutex_);
    records_.push_back(std::move(record));
    changed_.notify_all();
  }
  bool flush(Millis) override { return true; }
  TelemetryStats stats() const override { return {}; }

  // Waits until there are n records; fewer when that takes too long.
  std::vector<RequestRecord> wait_for(std::size_t n) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(30), [&] { return records_.size() >= n; });
    return records_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<RequestRecord> records_;
};

}  // namespace responses_proxy::testing
