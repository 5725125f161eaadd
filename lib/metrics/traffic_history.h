// TrafficHistory: what has passed this process, over time, for charts and for words about now.
//
// Role       Counts each record as it ends. Answers are made of sums that are there already, so
//            they cost the same whatever is on record; nothing is asked of the database.
// Threads    Safe from any thread. One lock, held for a few additions while counting, and for the
//            sums of one resource while answering.
// Errors     None: a record that cannot be counted is not.
// Limits     A week back, in memory: a restart begins anew. At most kMaxResources resources have
//            series of their own (about 1 MB each); what goes to others is summed up under "".
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/counted_responses.h"
#include "metrics/traffic_series.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/request_record.h"

namespace responses_proxy {

struct TrafficPoint {
  std::int64_t begin = 0;   // seconds since 1970
  std::int64_t length = 0;  // in seconds; less than a step for the one that is not over
  TrafficSums sums;
};

struct ResourceTraffic {
  std::string resource_id;              // "": those without series of their own
  std::vector<std::uint64_t> requests;  // by point
  TrafficSums sums;                     // of all points
};

struct TrafficReport {
  std::int64_t step = 0;
  std::vector<TrafficPoint> points;  // oldest first
  TrafficSums sums;
  std::vector<ResourceTraffic> resources;  // those that had any
};

// How the last minutes went.
struct RecentTraffic {
  static constexpr std::chrono::seconds kWindow = RecentFailures::kWindow;
  std::uint64_t all = 0;     // requests, or attempts of a resource
  std::uint64_t failed = 0;  // of them, but for what clients caused
  std::string most_common;   // error of a resource's attempts; "" = none
};

class TrafficHistory {
 public:
  static constexpr std::size_t kMaxResources = 32;
  static constexpr std::size_t kMaxPoints = 120;
  static constexpr std::chrono::seconds kLeast{60};
  static constexpr std::chrono::seconds kMost =
      TrafficSeries::kCoarseStep * static_cast<int>(TrafficSeries::kCoarseSteps);

  explicit TrafficHistory(const Clock& clock);

  void count(const RequestRecord& record) noexcept;

  // The last `range` (kLeast to kMost) in at most kMaxPoints points: of everything, or of what one
  // resource was sent.
  TrafficReport report(std::chrono::seconds range,
                       const std::optional<std::string>& resource_id = {}) const;
  RecentTraffic recent() const;
  RecentTraffic recent(std::string_view resource_id) const;
  WallTime since() const { return since_; }

 private:
  struct OfResource {
    TrafficSeries series;
    RecentFailures failures;
  };

  void count_attempts(const RequestRecord& record, bool tokens_count, WallTime now);
  OfResource& of(const std::string& resource_id, WallTime now);
  // Null: nothing is known of it.
  const OfResource* find(std::string_view resource_id) const;

  const Clock& clock_;
  const WallTime since_;
  CountedResponses background_;
  mutable std::mutex mutex_;  // guards what follows
  TrafficSeries all_;
  std::map<std::string, std::unique_ptr<OfResource>, std::less<>> by_resource_;
};

}  // namespace responses_proxy
