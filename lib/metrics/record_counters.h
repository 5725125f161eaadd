// RecordCounters: what is counted of each record, by labels.
//
// Threads    Safe from any thread.
// Cost       A record with the labels of one before is one look-up.
// Limits     Of each family Metrics::kMaxSeries; UsualGrowths::kMaxKnown, CountedResponses.
#pragma once

#include <prometheus/registry.h>

#include <cstddef>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "metrics/counted_responses.h"
#include "metrics/labelled_counters.h"
#include "responses_proxy/request_record.h"

namespace responses_proxy {

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

class RecordCounters {
 public:
  // `models`: which ones are told apart, beside aliases.
  RecordCounters(prometheus::Registry& registry, std::vector<std::string> models);

  void count(const RequestRecord& record);

 private:
  void count_usual(const RequestRecord& record, bool with_tokens);
  void write_labels(const RequestRecord& record, bool with_tokens, std::string& labels) const;
  std::vector<Growth> growths_of(const RequestRecord& record, bool with_tokens);
  void add_attempts(const RequestRecord& record, std::vector<Growth>& growths);
  void add_affinity(const RequestRecord& record, std::vector<Growth>& growths);
  void add_tokens(const RequestRecord& record, std::vector<Growth>& growths);
  std::string_view model_of(const RequestRecord& record) const;

  const std::vector<std::string> models_;
  LabelledCounters requests_;
  LabelledCounters attempts_;
  LabelledCounters failovers_;
  LabelledCounters affinities_;
  LabelledCounters socket_turns_;
  LabelledCounters tokens_;
  LabelledCounters model_tokens_;
  UsualGrowths usual_;
  CountedResponses background_;
};

}  // namespace responses_proxy
