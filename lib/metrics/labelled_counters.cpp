#include "metrics/labelled_counters.h"

#include <fmt/format.h>

#include <mutex>

namespace responses_proxy {

namespace {

constexpr std::string_view kOther = "other";

}  // namespace

prometheus::Counter& LabelledCounters::at(std::initializer_list<std::string_view> values) {
  fmt::memory_buffer key;
  for (const std::string_view value : values) {
    key.append(value.data(), value.data() + value.size());
    key.push_back('\0');
  }
  const std::string_view wanted(key.data(), key.size());
  {
    const std::shared_lock lock(mutex_);
    const auto known = by_values_.find(wanted);
    if (known != by_values_.end()) return *known->second;
  }
  return add(wanted, values);
}

prometheus::Counter& LabelledCounters::add(std::string_view key,
                                           std::initializer_list<std::string_view> values) {
  const std::scoped_lock lock(mutex_);
  if (const auto known = by_values_.find(key); known != by_values_.end()) return *known->second;
  const bool full = by_values_.size() >= Metrics::kMaxSeries;
  prometheus::Labels labels;
  auto name = label_names_.begin();
  for (const std::string_view value : values) {
    labels.emplace(*name++, full ? std::string(kOther) : std::string(value));
  }
  prometheus::Counter& counter = family_.Add(labels);  // the one there is, if it has these labels
  if (!full) by_values_.emplace(key, &counter);
  return counter;
}

const std::vector<Growth>* UsualGrowths::find(std::string_view labels) const {
  const std::shared_lock lock(mutex_);
  const auto known = by_labels_.find(labels);
  return known == by_labels_.end() ? nullptr : &known->second;
}

void UsualGrowths::add(const std::string& labels, std::vector<Growth> growths) {
  const std::scoped_lock lock(mutex_);
  if (by_labels_.size() < kMaxKnown) by_labels_.emplace(labels, std::move(growths));
}

bool CountedResponses::is_first(const std::string& response_id) {
  const std::scoped_lock lock(mutex_);
  if (!known_.insert(response_id).second) return false;
  oldest_first_.push_back(response_id);
  if (oldest_first_.size() > kMaxResponses) {
    known_.erase(oldest_first_.front());
    oldest_first_.pop_front();
  }
  return true;
}

}  // namespace responses_proxy
