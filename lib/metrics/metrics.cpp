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

#include "core/append_number.h"
#include "metrics/gauge_families.h"
#include "metrics/labelled_counters.h"

namespace responses_proxy {

namespace {

constexpr std::string_view kSocketMethod = "WEBSOCKET";

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
  void count_usual(const RequestRecord& record, bool with_tokens);
  void write_labels(const RequestRecord& record, bool with_tokens, std::string& labels) const;
  std::vector<Growth> growths_of(const RequestRecord& record, bool with_tokens);
  void add_attempts(const RequestRecord& record, std::vector<Growth>& growths);
  void add_affinity(const RequestRecord& record, std::vector<Growth>& growths);
  void add_tokens(const RequestRecord& record, std::vector<Growth>& growths);
  std::string_view model_of(const RequestRecord& record) const;

  const MetricsOptions options_;

  prometheus::Registry registry_;
  LabelledCounters requests_;
  LabelledCounters attempts_;
  LabelledCounters failovers_;
  LabelledCounters affinities_;
  LabelledCounters socket_turns_;
  LabelledCounters tokens_;
  LabelledCounters model_tokens_;
  UsualGrowths usual_;
  CountedResponses background_;
  ByKind duration_;
  ByKind first_byte_;
  prometheus::Histogram& overhead_;
  prometheus::Histogram& loop_lag_;
};

Metrics::Impl::Impl(MetricsOptions options)
    : options_(std::move(options)),
      requests_(counters(registry_, "rp_requests_total", "Requests answered",
                         {"status", "blame", "stream", "caller"})),
      attempts_(counters(registry_, "rp_attempts_total", "Requests sent to a resource",
                         {"resource_id", "provider_id", "reason", "blame", "status"})),
      failovers_(counters(registry_, "rp_failovers_total",
                          "Attempts after which a request went on to another resource",
                          {"resource_id", "blame", "status"})),
      affinities_(counters(registry_, "rp_affinity_picks_total",
                           "Requests of a conversation by whether they went where it is known",
                           {"kind", "outcome"})),
      socket_turns_(counters(registry_, "rp_socket_turns_total",
                             "Requests that came on a client's WebSocket", {"blame"})),
      tokens_(counters(registry_, "rp_tokens_total",
                       "Tokens reported by the upstream; cached ones are input as well",
                       {"direction", "resource_id"})),
      model_tokens_(counters(registry_, "rp_model_tokens_total",
                             "The same by alias, or by model where that was named",
                             {"direction", "model"})),
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
  const bool repeated =
      record.background && !record.usage.empty() && !background_.is_first(record.response_id);
  if (record.attempts.size() == 1) return count_usual(record, !repeated);
  for (const Growth& growth : growths_of(record, !repeated)) growth.count(record);
}

// Most records are like one before: what that one has made grow is found at once.
void Metrics::Impl::count_usual(const RequestRecord& record, bool with_tokens) {
  static thread_local std::string labels;  // not shared state: it keeps its memory only
  write_labels(record, with_tokens, labels);
  const std::vector<Growth>* known = usual_.find(labels);
  if (known != nullptr) {
    for (const Growth& growth : *known) growth.count(record);
    return;
  }
  std::vector<Growth> growths = growths_of(record, with_tokens);
  for (const Growth& growth : growths) growth.count(record);
  usual_.add(labels, std::move(growths));
}

// All that growths_of() makes a difference by.
void Metrics::Impl::write_labels(const RequestRecord& record, bool with_tokens,
                                 std::string& labels) const {
  const AttemptRecord& attempt = record.attempts.front();
  labels.clear();
  append_number(labels, static_cast<std::uint64_t>(record.status_code));
  labels += ' ';
  append_number(labels, static_cast<std::uint64_t>(attempt.status_code));
  labels += record.stream ? 's' : 'd';
  labels += record.method == kSocketMethod ? 's' : 'h';
  labels += !record.previous_response_id.empty() ? 'r' : !record.session_id.empty() ? 's' : 'n';
  const TokenUsage& tokens = attempt.usage;
  const bool counted = with_tokens && !record.usage.empty();
  labels += counted && tokens.input ? 'i' : '-';
  labels += counted && tokens.output ? 'o' : '-';
  labels += counted && tokens.cached ? 'c' : '-';
  const std::string_view words[] = {
      record.blame.text(), record.caller,       attempt.blame.text(), attempt.reason.text(),
      attempt.resource_id, attempt.provider_id, model_of(record)};
  for (const std::string_view word : words) labels.append(word).append(1, '\0');
}

std::vector<Growth> Metrics::Impl::growths_of(const RequestRecord& record, bool with_tokens) {
  std::vector<Growth> growths;
  const fmt::format_int status(record.status_code);
  growths.push_back({&requests_.at(
      {status.c_str(), record.blame.text(), record.stream ? "true" : "false", record.caller})});
  if (record.method == kSocketMethod) {
    growths.push_back({&socket_turns_.at({record.blame.text()})});
  }
  if (record.attempts.empty()) return growths;
  add_attempts(record, growths);
  add_affinity(record, growths);
  if (with_tokens && !record.usage.empty()) add_tokens(record, growths);
  return growths;
}

void Metrics::Impl::add_attempts(const RequestRecord& record, std::vector<Growth>& growths) {
  for (const AttemptRecord& attempt : record.attempts) {
    const fmt::format_int status(attempt.status_code);
    growths.push_back(
        {&attempts_.at({attempt.resource_id, attempt.provider_id, attempt.reason.text(),
                        attempt.blame.text(), status.c_str()})});
    if (&attempt == &record.attempts.back()) break;
    growths.push_back(
        {&failovers_.at({attempt.resource_id, attempt.blame.text(), status.c_str()})});
  }
}

// By the first pick: what a failover does is another matter.
void Metrics::Impl::add_affinity(const RequestRecord& record, std::vector<Growth>& growths) {
  const bool response = !record.previous_response_id.empty();
  if (!response && record.session_id.empty()) return;
  const SelectionReason wanted =
      response ? SelectionReason::response_affinity : SelectionReason::session_affinity;
  const bool hit = record.attempts.front().reason == wanted;
  growths.push_back({&affinities_.at({response ? "response" : "session", hit ? "hit" : "miss"})});
}

std::string_view Metrics::Impl::model_of(const RequestRecord& record) const {
  if (!record.model_alias.empty()) return record.model_alias;
  const bool named = std::find(options_.models.begin(), options_.models.end(), record.model) !=
                     options_.models.end();
  return named ? std::string_view(record.model) : std::string_view("other");
}

// Each attempt's at the resource where they were spent.
void Metrics::Impl::add_tokens(const RequestRecord& record, std::vector<Growth>& growths) {
  const std::string_view model = model_of(record);
  const auto add = [&](std::string_view direction, Growth::Tokens of) {
    for (std::size_t i = 0; i < record.attempts.size(); ++i) {
      const AttemptRecord& attempt = record.attempts[i];
      if (!(attempt.usage.*of)) continue;
      growths.push_back({&tokens_.at({direction, attempt.resource_id}), of, i});
      growths.push_back({&model_tokens_.at({direction, model}), of, i});
    }
  };
  add("input", &TokenUsage::input);
  add("output", &TokenUsage::output);
  add("cached", &TokenUsage::cached);
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
