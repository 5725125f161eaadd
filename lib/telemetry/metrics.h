// Metrics: what /metrics answers, in Prometheus' text format.
//
// Role       Counters and histograms grow with each record; gauges are handed in at scrape time, so
//            that a resource that is gone is gone from the text as well.
// Threads    Safe from any thread. count() takes a shared lock and a few short ones.
// Limits     No label value comes from a client; a caller's name is the Gate's word. At most
//            kMaxSeries label sets per counter; what is beyond is counted under "other".
// Units      Seconds.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <cstddef>
#include <deque>
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

#include "responses_proxy/request_record.h"
#include "responses_proxy/resource.h"
#include "responses_proxy/state_store.h"
#include "responses_proxy/telemetry_sink.h"

namespace responses_proxy {

// The state of things at the moment of a scrape.
struct GaugeValues {
  struct ResourceGauges {
    std::string resource_id;
    std::string resource_name;
    std::string provider_id;
    std::string pool_id;
    std::int64_t active = 0;
    Health health = Health::unknown;
    Millis cooldown{0};  // left; 0 = none
  };
  std::vector<ResourceGauges> resources;
  std::size_t active_exchanges = 0;
  std::size_t open_sockets = 0;  // of clients
  TelemetryStats telemetry;
  std::optional<StreamStats> stream;  // with Redis
  AffinityStats affinity;
  std::optional<SharedStateStats> shared_state;  // with Redis
};

// The counters of one family by their label values.
class LabelledCounters {
 public:
  static constexpr std::size_t kMaxSeries = 10'000;

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

class Metrics {
 public:
  Metrics();

  void count(const RequestRecord& record) noexcept;
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

// Counts each record, then passes it on.
class MeteredSink final : public TelemetrySink {
 public:
  MeteredSink(TelemetrySink& next, Metrics& metrics) : next_(next), metrics_(metrics) {}

  void record(RequestRecord record) noexcept override {
    metrics_.count(record);
    next_.record(std::move(record));
  }
  bool flush(Millis timeout) override { return next_.flush(timeout); }
  TelemetryStats stats() const override { return next_.stats(); }

 private:
  TelemetrySink& next_;
  Metrics& metrics_;
};

}  // namespace responses_proxy
