// A TelemetrySink of the host's own: a ledger, one line per request, that a thread writes. Nothing
// that calls record() waits for the disk.
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <fstream>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

#include "example_host.h"

using namespace responses_proxy;

namespace {

class Ledger final : public TelemetrySink {
 public:
  explicit Ledger(const std::string& path) : file_(path, std::ios::trunc) {}
  ~Ledger() override {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    writer_.join();
  }
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  void record(RequestRecord record) noexcept override {
    const std::scoped_lock lock(mutex_);
    if (queue_.size() >= kMost) {
      ++stats_.dropped;  // told in /metrics, and never a reason to wait
      return;
    }
    ++stats_.recorded;
    queue_.push_back(std::move(record));
    changed_.notify_all();
  }
  bool flush(Millis timeout) override {
    std::unique_lock lock(mutex_);
    const std::uint64_t wanted = stats_.recorded;
    return changed_.wait_for(lock, timeout, [&] { return stats_.written >= wanted; });
  }
  TelemetryStats stats() const override {
    const std::scoped_lock lock(mutex_);
    TelemetryStats stats = stats_;
    stats.queued = queue_.size();
    return stats;
  }

 private:
  static constexpr std::size_t kMost = 65'536;

  void write() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      const std::deque<RequestRecord> batch = std::exchange(queue_, {});
      lock.unlock();
      for (const RequestRecord& one : batch) {
        file_ << one.caller << ' ' << one.model << ' ' << one.status_code << ' '
              << one.usage.total.value_or(0) << '\n';
      }
      file_.flush();
      lock.lock();
      stats_.written += batch.size();
      changed_.notify_all();
    }
  }

  std::ofstream file_;        // of the writer
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<RequestRecord> queue_;
  TelemetryStats stats_;
  bool stopping_ = false;
  std::thread writer_{[this] { write(); }};  // last: starts when everything else stands
};

}  // namespace

int main() {
  Config config = example::config_of("own_telemetry");
  config.client_tokens = {{"alice", Secret("token-of-alice")}};
  Ledger ledger("own_telemetry.ledger");
  {
    example::Host host(config, {.telemetry = &ledger}, "application/json", example::kResponse);
    host.ask(example::response_request(R"({"model":"gpt-4.1-mini","input":"hello"})",
                                       {{"authorization", "Bearer token-of-alice"}}));
    if (!ledger.flush(Millis(60'000))) return 1;
  }
  std::stringstream lines;
  lines << std::ifstream("own_telemetry.ledger").rdbuf();
  std::printf("%s", lines.str().c_str());
  return lines.str() == "alice gpt-4.1-mini 200 5\n" && ledger.stats().dropped == 0 ? 0 : 1;
}
