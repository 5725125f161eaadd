#include "responses_proxy/metrics.h"

#include <fmt/format.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <iterator>
#include <optional>

#include "telemetry/gauge_families.h"
#include "telemetry/labelled_counters.h"

namespace responses_proxy {

namespace {

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

class Metrics::Impl {
 public:
  Impl();

  void count(const RequestRecord& record);
  std::string text(const GaugeValues& gauges) const;

 private:
  void count_attempt(const AttemptRecord& attempt);
  void count_tokens(std::string_view resource_id, const TokenUsage& usage);

  prometheus::Registry registry_;
  LabelledCounters requests_;
  LabelledCounters attempts_;
  LabelledCounters tokens_;
  CountedResponses background_;
  prometheus::Histogram& duration_;
  prometheus::Histogram& first_byte_;
  prometheus::Histogram& overhead_;
};

Metrics::Impl::Impl()
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

void Metrics::Impl::count(const RequestRecord& record) {
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
}

void Metrics::Impl::count_attempt(const AttemptRecord& attempt) {
  attempts_
      .at({attempt.resource_id, attempt.provider_id, attempt.reason.text(), attempt.blame.text(),
           fmt::format_int(attempt.status_code).c_str()})
      .Increment();
}

void Metrics::Impl::count_tokens(std::string_view resource_id, const TokenUsage& usage) {
  const auto add = [&](std::string_view direction, const std::optional<std::int64_t>& tokens) {
    if (tokens) tokens_.at({direction, resource_id}).Increment(static_cast<double>(*tokens));
  };
  add("input", usage.input);
  add("output", usage.output);
}

std::string Metrics::Impl::text(const GaugeValues& gauges) const {
  std::vector<prometheus::MetricFamily> families = registry_.Collect();
  auto more = gauge_families(gauges);
  families.insert(families.end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
  return prometheus::TextSerializer().Serialize(families);
}

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

void Metrics::count(const RequestRecord& record) noexcept try {
  impl_->count(record);
} catch (const std::exception&) {
  // Out of memory: a request that is not counted is better than one that is not recorded.
}
std::string Metrics::text(const GaugeValues& gauges) const {
  return impl_->text(gauges);
}

}  // namespace responses_proxy
