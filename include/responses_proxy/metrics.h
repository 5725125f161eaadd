// Metrics: what /metrics answers, in Prometheus' text format.
//
// Role       Counters and histograms grow with each record; gauges are handed in at scrape time, so
//            that a resource that is gone is gone from the text as well. A MeteredSink before a
//            TelemetrySink of any kind counts what passes.
// Threads    Safe from any thread. count() takes a shared lock and a few short ones.
// Ownership  A MeteredSink keeps references only.
// Errors     None: a request that cannot be counted is not.
// Limits     No label value comes from a client; a caller's name is the Gate's word. At most
//            kMaxSeries label sets per counter; what is beyond is counted under "other".
// Units      Seconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "responses_proxy/clock.h"
#include "responses_proxy/health.h"
#include "responses_proxy/request_record.h"
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

class Metrics {
 public:
  static constexpr std::size_t kMaxSeries = 10'000;

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void count(const RequestRecord& record) noexcept;
  std::string text(const GaugeValues& gauges) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
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
