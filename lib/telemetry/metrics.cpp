#include "telemetry/metrics.h"

#include <fmt/format.h>
#include <prometheus/text_serializer.h>

#include <iterator>
#include <mutex>
#include <optional>

#include "telemetry/gauge_families.h"

namespace responses_proxy {

namespace {

constexpr std::string_view kOther = "other";

double seconds(std::chrono::microseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

LabelledCounters counters(prometheus::Registry& registry, const char* name, const char* help,
                          std::vector<std::string> label_names) {
  auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  return {family, std::move(label_names)};
}

prometheus::Histogram& histogram(prometheus::Registry& registry, const char* name, const char* help,
                                 const prometheus::Histogram::BucketBoundaries& bounds) {
  auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
  return family.Add({}, bounds);
}

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
  const bool full = by_values_.size() >= kMaxSeries;
  prometheus::Labels labels;
  auto name = label_names_.begin();
  for (const std::string_view value : values) {
    labels.emplace(*name++, full ? std::string(kOther) : std::string(value));
  }
  prometheus::Counter& counter = family_.Add(labels);  // the one there is, if it has these labels
  if (!full) by_values_.emplace(key, &counter);
  return counter;
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

Metrics::Metrics()
    : requests_(counters(registry_, "rp_requests_total", "Requests answered",
                         {"status", "blame", "stream", "caller"})),
      attempts_(counters(registry_, "rp_attempts_total", "Requests sent to a resource",
                         {"resource_id", "provider_id", "reason", "blame", "status"})),
      tokens_(counters(registry_, "rp_tokens_total", "Tokens reported by the upstream",
                       {"direction", "resource_id"})),
      duration_(histogram(registry_, "rp_request_duration_seconds",
                          "From a request's arrival to its answer's end",
                          {0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600})),
      first_byte_(histogram(registry_, "rp_first_byte_seconds",
                            "From a request's arrival to its answer's first byte",
                            {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60})),
      overhead_(histogram(
          registry_, "rp_proxy_overhead_seconds", "Spent in the proxy before the first attempt",
          {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1})) {}

void Metrics::count(const RequestRecord& record) noexcept try {
  requests_
      .at({fmt::format_int(record.status_code).c_str(), record.blame.text(),
           record.stream ? "true" : "false", record.caller})
      .Increment();
  duration_.Observe(seconds(record.duration));
  overhead_.Observe(seconds(record.proxy_time));
  if (record.first_byte) first_byte_.Observe(seconds(*record.first_byte));
  for (const AttemptRecord& attempt : record.attempts) count_attempt(attempt);
  if (record.attempts.empty() || record.usage.empty()) return;
  if (record.background && !background_.is_first(record.response_id)) return;
  count_tokens(record.attempts.back().resource_id, record.usage);
} catch (const std::exception&) {
  // Out of memory: a request that is not counted is better than one that is not recorded.
}

void Metrics::count_attempt(const AttemptRecord& attempt) {
  attempts_
      .at({attempt.resource_id, attempt.provider_id, attempt.reason.text(), attempt.blame.text(),
           fmt::format_int(attempt.status_code).c_str()})
      .Increment();
}

void Metrics::count_tokens(std::string_view resource_id, const TokenUsage& usage) {
  const auto add = [&](std::string_view direction, const std::optional<std::int64_t>& tokens) {
    if (tokens) tokens_.at({direction, resource_id}).Increment(static_cast<double>(*tokens));
  };
  add("input", usage.input);
  add("output", usage.output);
}

std::string Metrics::text(const GaugeValues& gauges) const {
  std::vector<prometheus::MetricFamily> families = registry_.Collect();
  auto more = gauge_families(gauges);
  families.insert(families.end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace responses_proxy
