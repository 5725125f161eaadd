// OtlpTracer: spans in a bounded queue, and a thread that sends them away in batches.
//
// Role       The Tracer that a Runtime has where an endpoint is configured. A parent's decision
//            holds; where there is none, the sampler decides.
// Threads    begin(), attempt(), end(), stats() from any thread; one of its own sends.
// Ownership  Random source, clock and what sends outlive it.
// Errors     A collector that does not work is two lines in the log, when that begins and ends.
// What
//            it refuses is dropped; what it cannot take now is tried again while there is room for
//            what comes.
// Blocking   Only the destructor: for the batch under way, and for what is still queued.
// Limits     Options. A batch that is not taken stays at the front; beyond `most_queued` new spans
//            are dropped, and counted.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "core/periodic_thread.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/log.h"
#include "responses_proxy/random.h"
#include "telemetry/outage_watch.h"
#include "traces/otlp_json.h"

namespace responses_proxy {

struct TraceSampling {
  bool obey_parent = true;
  double share = 1;  // of the traces that begin here
};

enum class OtlpOutcome : std::uint8_t {
  taken,
  refused,  // and would be again
  later,
};

class OtlpTracer final : public Tracer {
 public:
  struct Options {
    TraceSampling sampling = {};
    TraceResource resource = {};
    std::size_t most_queued = 4'096;  // exchanges
    std::size_t batch = 256;
    Millis interval{1'000};        // while a batch is not full
    Millis longest_pause{30'000};  // while the collector does not work
  };
  // Sends a document; why it was not taken goes into `problem`. May block.
  using Send = std::function<OtlpOutcome(const std::string& json, std::string& problem)>;

  OtlpTracer(Options options, Send send, Random& random, Log log);
  ~OtlpTracer() override;

  std::optional<ExchangeTrace> begin(std::string_view traceparent) override;
  std::string attempt(ExchangeTrace& trace) override;
  void end(ExchangeTrace trace, const RequestRecord& record) override;

  TraceStats stats() const;

 private:
  bool takes_share(std::string_view trace_id) const;
  std::string new_id(int words);
  void fill_batch();
  // Whether it is worth while to go on at once.
  bool send_batch();
  Millis tend();

  const Options options_;
  const Send send_;
  Random& random_;
  std::vector<TracedExchange> batch_;  // of the thread that sends
  OutageWatch outage_;                 // likewise
  Millis pause_{0};                    // likewise
  mutable std::mutex mutex_;           // guards what follows
  std::deque<TracedExchange> queue_;
  TraceStats stats_;
  std::unique_ptr<PeriodicThread> thread_;  // last: it goes first
};

}  // namespace responses_proxy
