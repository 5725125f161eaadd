// TrafficSeries: what has passed, by step of time: of a whole process or of one resource.
//
// Threads    One at a time.
// Limits     Two rings, fine steps for the last hour and coarse ones for the last week: 19 KB, and
//            0.4 KB for each step in which something has passed, 0.9 MB after a busy week.
// Units      Wall-clock seconds since 1970. A clock that is set costs the steps it goes over twice.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/duration_counts.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/token_usage.h"

namespace responses_proxy {

struct TrafficCounts {
  std::uint64_t requests = 0;   // answered; of a resource: whose answer it made
  std::uint64_t attempts = 0;   // sent upstream
  std::uint64_t errors = 0;     // requests (of a resource: attempts) that failed, but for clients
  std::uint64_t failovers = 0;  // after which a request went on to another resource
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  std::uint64_t cached_tokens = 0;  // part of the input

  void add_tokens(const TokenUsage& usage);
  TrafficCounts& operator+=(const TrafficCounts& more);
};

// One request or attempt. It adds to a counter of each histogram, not to all of them.
struct TrafficEntry : TrafficCounts {
  std::size_t duration = 0;                // the bucket
  std::optional<std::size_t> first_event;  // of a stream
};

struct TrafficSums : TrafficCounts {
  DurationCounts duration;
  DurationCounts first_event;  // of streams

  TrafficSums& operator+=(const TrafficSums& more);
  TrafficSums& operator+=(const TrafficEntry& one);
};

std::int64_t seconds_since_1970(WallTime time);

class TrafficSeries {
 public:
  static constexpr std::chrono::seconds kFineStep{10};
  static constexpr std::size_t kFineSteps = 360;
  static constexpr std::chrono::seconds kCoarseStep{300};
  static constexpr std::size_t kCoarseSteps = 2016;

  TrafficSeries();

  void add(const TrafficEntry& one, WallTime now);
  // What ended at or after `from` and before `to`: both multiples of kFineStep (or kCoarseStep, to
  // look back further than an hour), in seconds since 1970.
  TrafficSums between(std::int64_t from, std::int64_t to, std::chrono::seconds step) const;
  // Since when it has been used last; nothing of it is left a week later.
  std::int64_t last_used() const { return last_used_; }

 private:
  struct Step {
    std::int64_t begin = -1;
    TrafficSums sums;
  };
  struct Ring {
    std::chrono::seconds step;
    std::vector<std::unique_ptr<Step>> steps;  // null: nothing has passed

    std::size_t place_of(std::int64_t begin) const;
    void add(const TrafficEntry& one, std::int64_t now);
    void add_up(std::int64_t from, std::int64_t to, TrafficSums& into) const;
  };

  Ring fine_;
  Ring coarse_;
  std::int64_t last_used_ = 0;
};

// Why attempts have failed in the last minutes: the words of AttemptRecord::error.
//
// Limits     Of kMaxWords words at a time; what is beyond is not told apart.
class RecentFailures {
 public:
  static constexpr std::chrono::seconds kWindow{300};
  static constexpr std::size_t kMaxWords = 8;

  void add(std::string_view word, WallTime now);
  // The most frequent one within the window; "" = none.
  std::string most_common(WallTime now) const;

 private:
  static constexpr std::int64_t kStep = 10;
  static constexpr std::size_t kSteps =
      static_cast<std::size_t>(std::chrono::seconds(kWindow).count() / kStep);
  struct Counted {
    std::string word;
    std::array<std::int64_t, kSteps> begins{};
    std::array<std::uint32_t, kSteps> counts{};
    std::uint64_t within(std::int64_t now) const;
  };
  std::vector<Counted> words_;
};

}  // namespace responses_proxy
