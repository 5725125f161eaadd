// What the counters of Metrics are made of.
//
// Threads    Safe from any thread.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "responses_proxy/metrics.h"

namespace responses_proxy {

// The counters of one family by their label values, up to Metrics::kMaxSeries.
class LabelledCounters {
 public:
  LabelledCounters(prometheus::Family<prometheus::Counter>& family,
                   std::vector<std::string> label_names)
      : family_(family), label_names_(std::move(label_names)) {}

  // As many values as there are names.
  prometheus::Counter& at(std::initializer_list<std::string_view> values);

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  prometheus::Counter& add(std::string_view key, std::initializer_list<std::string_view> values);

  prometheus::Family<prometheus::Counter>& family_;
  const std::vector<std::string> label_names_;
  std::shared_mutex mutex_;  // guards by_values_
  std::unordered_map<std::string, prometheus::Counter*, Hash, std::equal_to<>> by_values_;
};

// The latest background responses whose usage was counted: every answer that reads one back has it.
// Of this process; the database knows of all (storage/background_usage.h).
class CountedResponses {
 public:
  static constexpr std::size_t kMaxResponses = 10'000;

  // Whether the response was not seen before, or so long ago that it is forgotten.
  bool is_first(const std::string& response_id);

 private:
  std::mutex mutex_;  // guards what follows
  std::unordered_set<std::string> known_;
  std::deque<std::string> oldest_first_;
};

}  // namespace responses_proxy
