#include "responses_proxy/telemetry_worker.h"
#include "databases/open_database.h"

#include <utility>

#include "core/periodic_thread.h"
#include "record_stream/stream_worker.h"
#include "storage/record_maintenance.h"
#include "storage/sql_record_writer.h"

namespace responses_proxy {

namespace {

StreamWorkerOptions worker_options(std::string name, Millis claim_idle) {
  StreamWorkerOptions options;
  options.consumer.name = std::move(name);
  options.consumer.claim_idle = claim_idle;
  return options;
}

}  // namespace

class TelemetryWorker::Impl {
 public:
  Impl(const Config& config, TelemetryWorkerOptions options)
      : stream_(stream_options(config)),
        clock_(options.clock != nullptr ? *options.clock : own_clock_),
        random_(options.random != nullptr ? *options.random : own_random_),
        name_(consumer_name(config.telemetry_consumer, random_)),
        database_(open_database(config.database_url.reveal(), clock_)),
        records_(*database_),
        maintenance_(*database_, clock_, std::chrono::days(config.record_retention_days),
                     options.log),
        worker_(stream_, records_, clock_, std::move(options.log),
                worker_options(name_, options.claim_idle)),
        tending_(Millis::zero(), [this] { return maintenance_.tend(); }) {}

  void stop() { worker_.stop(); }
  TelemetryWorkerStats stats() const { return worker_.stats(); }
  const std::string& name() const { return name_; }

 private:
  const StreamOptions stream_;
  SystemClock own_clock_;
  const Clock& clock_;
  SeededRandom own_random_{random_seed()};
  Random& random_;
  const std::string name_;
  const std::unique_ptr<Database> database_;
  SqlRecordWriter records_;
  RecordMaintenance maintenance_;
  StreamWorker worker_;
  PeriodicThread tending_;
};

TelemetryWorker::TelemetryWorker(const Config& config, TelemetryWorkerOptions options)
    : impl_(std::make_unique<Impl>(config, std::move(options))) {}
TelemetryWorker::~TelemetryWorker() = default;

void TelemetryWorker::stop() {
  impl_->stop();
}
TelemetryWorkerStats TelemetryWorker::stats() const {
  return impl_->stats();
}
const std::string& TelemetryWorker::name() const {
  return impl_->name();
}

}  // namespace responses_proxy
