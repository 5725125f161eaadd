#include "responses_proxy/telemetry_worker.h"

#include <utility>

#include "storage/sql_record_writer.h"
#include "telemetry/stream_worker.h"

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
  Impl(const Config& config, Log log, Millis claim_idle)
      : stream_(stream_options(config)),
        random_(random_seed()),
        name_(consumer_name(config.telemetry_consumer, random_)),
        database_(open_database(config.database_url.reveal(), clock_)),
        records_(*database_),
        worker_(stream_, records_, clock_, std::move(log), worker_options(name_, claim_idle)) {}

  void stop() { worker_.stop(); }
  TelemetryWorkerStats stats() const { return worker_.stats(); }
  const std::string& name() const { return name_; }

 private:
  const StreamOptions stream_;
  SystemClock clock_;
  SeededRandom random_;
  const std::string name_;
  const std::unique_ptr<Database> database_;
  SqlRecordWriter records_;
  StreamWorker worker_;
};

TelemetryWorker::TelemetryWorker(const Config& config, Log log, Millis claim_idle)
    : impl_(std::make_unique<Impl>(config, std::move(log), claim_idle)) {}
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
