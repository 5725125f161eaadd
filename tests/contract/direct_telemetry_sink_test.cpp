#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>

#include "contract/telemetry_sink_contract.h"
#include "fakes/record_database.h"
#include "fakes/temp_folder.h"
#include "telemetry/queue_sink.h"

namespace {

namespace rp = responses_proxy;

// Queue and spool straight in front of SQLite; broken down is: locked by somebody else.
class DirectSink {
 public:
  std::unique_ptr<rp::TelemetrySink> open(std::size_t capacity, bool with_spool) {
    rp::QueueSinkOptions options;
    options.linger = rp::Millis(1);
    options.first_retry = options.max_retry = rp::Millis(5);
    options.spool_path = (folder_.path() / "spool").string();
    options.spool_bytes = with_spool ? 1U << 24 : 0;
    return std::make_unique<rp::QueueTelemetrySink>(records_->writer, capacity, clock_,
                                                    rp::ignore_log, options);
  }
  rp::RecordQueries& records() { return records_->queries; }
  void break_down() {
    lock_.emplace(path_, SQLite::OPEN_READWRITE);
    lock_->exec("BEGIN IMMEDIATE");
  }
  void mend() { lock_.reset(); }

 private:
  rp::SystemClock clock_;
  rp::testing::TempFolder folder_;
  const std::string path_ = (folder_.path() / "db").string();
  const std::unique_ptr<rp::testing::RecordDatabase> records_ =
      rp::testing::open_records("sqlite:///" + path_);
  std::optional<SQLite::Database> lock_;
};

}  // namespace

TELEMETRY_SINK_CONTRACT(DirectSink);
