// Clock: the only source of time in the library.
//
// Role       Lets tests and simulations drive time; nothing in lib/ asks the operating system
//            itself.
// Threads    Implementations are safe to call from any thread.
// Ownership  Passed by reference; outlives everything it is given to.
// Cost       One vDSO call, never blocks.
// Units      Durations are std::chrono; `Millis` is the unit wherever a number leaves the process.
#pragma once

#include <chrono>

#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

using Millis = std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  // Never goes backwards: deadlines, latencies, cooldowns.
  virtual SteadyTime steady() const = 0;
  // What a person's watch shows: timestamps of records, HTTP dates.
  virtual WallTime wall() const = 0;
};

class SystemClock final : public Clock {
 public:
  SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override { return std::chrono::system_clock::now(); }
};

}  // namespace responses_proxy
