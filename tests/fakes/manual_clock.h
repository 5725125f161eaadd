// A Clock that only moves when the test says so.
#pragma once

#include <atomic>

#include "responses_proxy/clock.h"

namespace responses_proxy::testing {

class ManualClock final : public Clock {
 public:
  SteadyTime steady() const override { return SteadyTime(std::chrono::hours(1)) + elapsed(); }
  // 2026-11-21T00:00:00Z plus what has elapsed.
  WallTime wall() const override { return WallTime(std::chrono::seconds(1795219200)) + elapsed(); }
  void advance(Millis by) { elapsed_.fetch_add(by.count()); }

 private:
  Millis elapsed() const { return Millis(elapsed_.load()); }
  std::atomic<Millis::rep> elapsed_{0};
};

}  // namespace responses_proxy::testing
