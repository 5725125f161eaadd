#include "runtime/own_telemetry.h"

#include <utility>

#include "postgres/postgres_url.h"

namespace responses_proxy {

namespace {

constexpr Millis kFlushTimeout{10'000};
constexpr Millis kStreamTimeout{5'000};  // for the worker in here to empty the stream

QueueSinkOptions queue_options(const Config& config) {
  QueueSinkOptions options;
  if (config.redis_url.empty() && is_postgres_url(config.database_url.reveal())) {
    options.patience = kRemotePatience;
  }
  options.spool_path = config.telemetry_spool_path;
  options.spool_bytes = config.telemetry_spool_bytes;
  return options;
}

std::unique_ptr<StreamRecordWriter> make_stream_writer(const Config& config, Random& random,
                                                       const Log& log) {
  if (config.redis_url.empty()) return nullptr;
  return std::make_unique<StreamRecordWriter>(stream_options(config), random, log);
}

std::unique_ptr<StreamGauge> make_stream_gauge(const Config& config, const Clock& clock) {
  if (config.redis_url.empty()) return nullptr;
  return std::make_unique<StreamGauge>(stream_options(config), config.redis_timeout, clock);
}

}  // namespace

OwnTelemetry::OwnTelemetry(const Config& config, Database& database, const Clock& clock,
                           Random& random, Log log)
    : config_(config),
      clock_(clock),
      random_(random),
      log_(std::move(log)),
      sql_writer_(database),
      stream_writer_(make_stream_writer(config_, random_, log_)),
      queue_(target(), config_.telemetry_queue_size, clock_, log_, queue_options(config_)),
      stream_gauge_(make_stream_gauge(config_, clock_)),
      maintenance_(database, clock_, std::chrono::days(config_.record_retention_days), log_) {}

RecordWriter& OwnTelemetry::target() {
  if (stream_writer_) return *stream_writer_;
  return sql_writer_;
}

std::function<StreamStats()> OwnTelemetry::stream_stats() {
  if (!stream_gauge_) return {};
  return [this] { return stream_gauge_->read(); };
}

void OwnTelemetry::start() {
  if (!config_.in_process_worker && !config_.redis_url.empty()) return;
  tending_ =
      std::make_unique<PeriodicThread>(Millis::zero(), [this] { return maintenance_.tend(); });
  if (config_.redis_url.empty()) return;
  StreamWorkerOptions options;
  options.consumer.name = consumer_name(config_.telemetry_consumer, random_);
  worker_ =
      std::make_unique<StreamWorker>(stream_options(config_), sql_writer_, clock_, log_, options);
}

void OwnTelemetry::stop() {
  tending_.reset();
  if (!queue_.flush(kFlushTimeout)) {
    log_({LogLevel::error, "records_lost", "telemetry: gave up writing the last records"});
  }
  if (worker_) worker_->stop(kStreamTimeout);
}

}  // namespace responses_proxy
