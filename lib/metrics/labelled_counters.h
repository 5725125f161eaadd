// The counters of one family, found by the values of their labels.
//
// Threads    Safe from any thread.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>

#include <functional>
#include <initializer_list>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "responses_proxy/metrics.h"

namespace responses_proxy {

struct LabelHash : std::hash<std::string_view> {
  using is_transparent = void;
};

// The counters of one family by their label values, up to Metrics::kMaxSeries.
class LabelledCounters {
 public:
  LabelledCounters(prometheus::Family<prometheus::Counter>& family,
                   std::vector<std::string> label_names)
      : family_(family), label_names_(std::move(label_names)) {}

  // As many values as there are names.
  prometheus::Counter& at(std::initializer_list<std::string_view> values);

 private:
  prometheus::Counter& add(std::string_view key, std::initializer_list<std::string_view> values);

  prometheus::Family<prometheus::Counter>& family_;
  const std::vector<std::string> label_names_;
  std::shared_mutex mutex_;  // guards by_values_
  std::unordered_map<std::string, prometheus::Counter*, LabelHash, std::equal_to<>> by_values_;
};

}  // namespace responses_proxy
