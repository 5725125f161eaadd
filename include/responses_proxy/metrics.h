// Metrics: what /metrics answers, in the text format of Prometheus or of OpenMetrics.
//
// Role       Counters and histograms grow with each record; gauges are handed in at scrape time, so
//            that a resource that is gone is gone from the text as well. A MeteredSink before a
//            TelemetrySink of any kind counts what passes.
// Threads    Safe from any thread. count() takes a shared lock and a few short ones.
// Ownership  A MeteredSink keeps references only.
// Errors     None: a request that cannot be counted is not.
// Limits     No label value comes from a client; a caller's name is the Gate's word, a model's an
//            alias or one that the operator has named (MetricsOptions::models). At most
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
#include "responses_proxy/export.h"
#include "responses_proxy/health.h"
#include "responses_proxy/request_record.h"
#include "responses_proxy/state_store.h"
#include "responses_proxy/telemetry_sink.h"
#include "responses_proxy/tracer.h"

namespace RP_PUBLIC responses_proxy {

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
  // As the client libraries of Prometheus name them: process_...
  struct ProcessGauges {
    double cpu_seconds = 0;
    double start_time = 0;  // seconds since 1970
    std::uint64_t resident_bytes = 0;
    std::uint64_t virtual_bytes = 0;
    std::uint64_t open_files = 0;
    std::uint64_t max_files = 0;
    std::uint64_t threads = 0;
  };
  struct RegistryGauges {
    std::int64_t version = 0;
    std::size_t unavailable = 0;  // providers that are switched on and get no requests
    bool database_up = true;      // changes of other replicas are seen
    bool file_good = true;
  };
  std::vector<ResourceGauges> resources;
  std::size_t active_exchanges = 0;
  std::size_t open_sockets = 0;  // of clients
  TelemetryStats telemetry;
  std::optional<StreamStats> stream;  // with Redis
  std::optional<TraceStats> traces;   // where spans are exported
  AffinityStats affinity;
  std::optional<SharedStateStats> shared_state;  // with Redis
  std::optional<RegistryGauges> registry;        // where providers can be registered
  std::optional<bool> database_up;               // absent: nobody has asked
  // Of this process; absent: not looked at.
  std::optional<ProcessGauges> process;
};

enum class MetricsFormat : std::uint8_t {
  prometheus,   // text format 0.0.4
  openmetrics,  // 1.0.0: https://prometheus.io/docs/specs/om/open_metrics_spec/
};

struct MetricsOptions {
  // Models whose tokens are counted under their own names; aliases always are, the rest together.
  std::vector<std::string> models = {};
};

class Metrics {
 public:
  static constexpr std::size_t kMaxSeries = 10'000;

  explicit Metrics(MetricsOptions options = {});
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void count(const RequestRecord& record) noexcept;
  // How much later than it was due something ran on an event loop.
  void observe_loop_lag(SteadyTime::duration lag) noexcept;
  std::string text(const GaugeValues& gauges,
                   MetricsFormat format = MetricsFormat::prometheus) const;

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
