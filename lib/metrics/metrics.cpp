#include "responses_proxy/metrics.h"

#include <fmt/format.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "metrics/gauge_families.h"
#include "metrics/record_counters.h"

namespace responses_proxy {

namespace {

double seconds(std::chrono::microseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

prometheus::Histogram& histogram(prometheus::Registry& registry, const char* name, const char* help,
                                 const prometheus::Histogram::BucketBoundaries& bounds) {
  auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
  return family.Add({}, bounds);
}

// A stream lasts as long as the model writes, so it says nothing beside documents.
struct ByKind {
  ByKind(prometheus::Registry& registry, const char* name, const char* help,
         const prometheus::Histogram::BucketBoundaries& bounds)
      : family(prometheus::BuildHistogram().Name(name).Help(help).Register(registry)),
        document(family.Add({{"kind", "json"}}, bounds)),
        stream(family.Add({{"kind", "stream"}}, bounds)) {}

  void observe(const RequestRecord& record, std::chrono::microseconds duration) {
    (record.stream ? stream : document).Observe(seconds(duration));
  }

  prometheus::Family<prometheus::Histogram>& family;
  prometheus::Histogram& document;
  prometheus::Histogram& stream;
};

// OpenMetrics names a counter without the "_total" of its samples, and ends.
std::string as_openmetrics(const std::string& text) {
  constexpr std::string_view kTotal = "_total ";
  std::string out;
  out.reserve(text.size() + 8);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line(text.data() + at, end - at);
    at = end + 1;
    const std::size_t suffix = line.starts_with("# ") ? line.find(kTotal) : std::string_view::npos;
    if (suffix != std::string_view::npos) {
      out.append(line.substr(0, suffix)).append(" ");
      line.remove_prefix(suffix + kTotal.size());
    }
    out.append(line).append("\n");
  }
  return out.append("# EOF\n");
}

}  // namespace

class Metrics::Impl {
 public:
  explicit Impl(MetricsOptions options);

  void count(const RequestRecord& record);
  void observe_loop_lag(SteadyTime::duration lag) {
    loop_lag_.Observe(std::chrono::duration<double>(lag).count());
  }
  std::string text(const GaugeValues& gauges, MetricsFormat format) const;

 private:
  prometheus::Registry registry_;
  RecordCounters counters_;
  ByKind duration_;
  ByKind first_byte_;
  prometheus::Histogram& overhead_;
  prometheus::Histogram& loop_lag_;
};

Metrics::Impl::Impl(MetricsOptions options)
    : counters_(registry_, std::move(options.models)),
      duration_(registry_, "rp_request_duration_seconds",
                "From a request's arrival to its answer's end",
                {0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600}),
      first_byte_(registry_, "rp_first_byte_seconds",
                  "From a request's arrival to its answer's first byte",
                  {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}),
      overhead_(histogram(
          registry_, "rp_proxy_overhead_seconds", "Spent in the proxy before the first attempt",
          {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1})),
      loop_lag_(histogram(registry_, "rp_event_loop_lag_seconds",
                          "How much later than it was due something ran on an event loop",
                          {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5})) {}

void Metrics::Impl::count(const RequestRecord& record) {
  duration_.observe(record, record.duration);
  overhead_.Observe(seconds(record.proxy_time));
  if (record.first_byte) first_byte_.observe(record, *record.first_byte);
  counters_.count(record);
}

std::string Metrics::Impl::text(const GaugeValues& gauges, MetricsFormat format) const {
  std::vector<prometheus::MetricFamily> families = registry_.Collect();
  auto more = gauge_families(gauges);
  families.insert(families.end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
  std::string text = prometheus::TextSerializer().Serialize(families);
  return format == MetricsFormat::openmetrics ? as_openmetrics(text) : text;
}

Metrics::Metrics(MetricsOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Metrics::~Metrics() = default;

void Metrics::count(const RequestRecord& record) noexcept try {
  impl_->count(record);
} catch (const std::exception&) {
  // Out of memory: a request that is not counted is better than one that is not recorded.
}
void Metrics::observe_loop_lag(SteadyTime::duration lag) noexcept {
  impl_->observe_loop_lag(lag);
}
std::string Metrics::text(const GaugeValues& gauges, MetricsFormat format) const {
  return impl_->text(gauges, format);
}

}  // namespace responses_proxy
