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

}  // namespace responses_proxy
