// What the counters of Metrics are made of.
//
// Threads    Safe from any thread.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "responses_proxy/metrics.h"
#include "responses_proxy/request_record.h"

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

// A counter that a record makes grow: by one, or by tokens of one of its attempts.
struct Growth {
  using Tokens = std::optional<std::int64_t> TokenUsage::*;

  prometheus::Counter* counter;
  Tokens tokens = nullptr;
  std::size_t attempt = 0;

  // Of a record that has those tokens, if any.
  void count(const RequestRecord& record) const {
    counter->Increment(
        tokens == nullptr ? 1 : static_cast<double>(*(record.attempts[attempt].usage.*tokens)));
  }
};

// What the records with the same labels make grow. Beyond kMaxKnown nothing more is kept.
class UsualGrowths {
 public:
  static constexpr std::size_t kMaxKnown = 4'096;

  // null: not known. What is found stays.
  const std::vector<Growth>* find(std::string_view labels) const;
  void add(const std::string& labels, std::vector<Growth> growths);

 private:
  mutable std::shared_mutex mutex_;  // guards by_labels_
  std::unordered_map<std::string, std::vector<Growth>, LabelHash, std::equal_to<>> by_labels_;
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
