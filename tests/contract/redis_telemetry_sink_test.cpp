#include "contract/telemetry_sink_contract.h"
#include "fakes/private_redis.h"
#include "fakes/record_database.h"
#include "fakes/temp_folder.h"
#include "record_stream/stream_record_writer.h"
#include "record_stream/stream_worker.h"
#include "telemetry/queue_sink.h"

namespace {

namespace rp = responses_proxy;

// Queue and spool, the stream of a real Redis, a worker, SQLite; broken down is: Redis was killed,
// and comes back empty.
class RedisSink {
 public:
  std::unique_ptr<rp::TelemetrySink> open(std::size_t capacity, bool with_spool) {
    rp::QueueSinkOptions options;
    options.linger = rp::Millis(1);
    options.first_retry = options.max_retry = options.tend_every = rp::Millis(5);
    options.spool_path = (folder_.path() / "spool").string();
    options.spool_bytes = with_spool ? 1U << 24 : 0;
    return std::make_unique<rp::QueueTelemetrySink>(target_, capacity, clock_, rp::ignore_log,
                                                    options);
  }
  rp::RecordQueries& records() { return records_->queries; }
  void break_down() { redis_.stop(); }
  void mend() { redis_.start(); }

 private:
  rp::StreamOptions stream() const {
    rp::StreamOptions options;
    options.redis = redis_.options();
    options.stream = "events";
    options.group = "workers";
    return options;
  }
  static rp::StreamWorkerOptions worker_options() {
    rp::StreamWorkerOptions options;
    options.consumer.name = "worker";
    options.consumer.block = rp::Millis(5);
    options.first_retry = options.max_retry = rp::Millis(5);
    return options;
  }

  rp::SystemClock clock_;
  rp::testing::TempFolder folder_;
  rp::testing::PrivateRedis redis_;
  rp::SeededRandom random_{1};
  const std::unique_ptr<rp::testing::RecordDatabase> records_ =
      rp::testing::open_records("sqlite:///" + (folder_.path() / "db").string());
  rp::StreamRecordWriter target_{stream(), random_, rp::ignore_log};
  rp::StreamWorker worker_{stream(), records_->writer, clock_, rp::ignore_log, worker_options()};
};

}  // namespace

TELEMETRY_SINK_CONTRACT(RedisSink);
