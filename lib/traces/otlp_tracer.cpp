#include "traces/otlp_tracer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "traces/traceparent.h"

namespace responses_proxy {

namespace {

constexpr Millis kFirstPause{1'000};
constexpr int kTraceIdWords = 2;
constexpr int kSpanIdWords = 1;
constexpr std::size_t kWordDigits = 16;

// What its spans do not show is not kept for them.
RequestRecord without_bodies(const RequestRecord& record) {
  RequestRecord copy = record;
  std::string().swap(copy.request_body);
  std::string().swap(copy.response_body);
  return copy;
}

}  // namespace

OtlpTracer::OtlpTracer(Options options, Send send, Random& random, Log log)
    : options_(std::move(options)),
      send_(std::move(send)),
      random_(random),
      outage_("traces", std::min(kFirstPause, options_.longest_pause), options_.longest_pause,
              std::move(log)),
      thread_(std::make_unique<PeriodicThread>(options_.interval, [this] { return tend(); })) {}

OtlpTracer::~OtlpTracer() {
  thread_.reset();
  for (fill_batch(); !batch_.empty() && send_batch(); fill_batch()) {
  }
}

std::optional<ExchangeTrace> OtlpTracer::begin(std::string_view traceparent) {
  const auto parent = parse_traceparent(traceparent);
  ExchangeTrace trace;
  trace.trace_id = parent ? parent->trace_id : new_id(kTraceIdWords);
  const bool decided = parent && options_.sampling.obey_parent;
  if (!(decided ? parent->sampled : takes_share(trace.trace_id))) return std::nullopt;
  trace.span_id = new_id(kSpanIdWords);
  if (parent) trace.parent_span_id = parent->span_id;
  return trace;
}

// By the id, so that all who trace it decide alike
// (https://opentelemetry.io/docs/specs/otel/trace/sdk/#traceidratiobased).
bool OtlpTracer::takes_share(std::string_view trace_id) const {
  if (options_.sampling.share >= 1) return true;
  std::uint64_t low = 0;
  const std::string_view digits = trace_id.substr(trace_id.size() - kWordDigits);
  std::from_chars(digits.data(), digits.data() + digits.size(), low, 16);
  constexpr double kHalf = 9'223'372'036'854'775'808.0;  // 2^63
  return static_cast<double>(low >> 1) < options_.sampling.share * kHalf;
}

std::string OtlpTracer::new_id(int words) {
  std::string id;
  for (int i = 0; i < words; ++i) {
    // None is all zeros.
    fmt::format_to(std::back_inserter(id), "{:016x}", random_.next() | 1);
  }
  return id;
}

std::string OtlpTracer::attempt(ExchangeTrace& trace) {
  trace.attempts.push_back(new_id(kSpanIdWords));
  return to_text({trace.trace_id, trace.attempts.back(), true});
}

void OtlpTracer::end(ExchangeTrace trace, const RequestRecord& record) {
  TracedExchange traced{std::move(trace), without_bodies(record)};
  std::unique_lock lock(mutex_);
  if (queue_.size() >= options_.most_queued) {
    stats_.dropped += traced.spans();
    return;
  }
  queue_.push_back(std::move(traced));
  const bool full = queue_.size() == options_.batch;
  lock.unlock();
  if (full) thread_->hurry();
}

TraceStats OtlpTracer::stats() const {
  const std::scoped_lock lock(mutex_);
  TraceStats stats = stats_;
  for (const TracedExchange& traced : queue_) stats.queued += traced.spans();
  return stats;
}

void OtlpTracer::fill_batch() {
  const std::scoped_lock lock(mutex_);
  while (!queue_.empty() && batch_.size() < options_.batch) {
    batch_.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
}

Millis OtlpTracer::tend() {
  do {
    fill_batch();
    if (batch_.empty()) return options_.interval;
    if (!send_batch()) return pause_;
    const std::scoped_lock lock(mutex_);
    if (queue_.size() < options_.batch) return options_.interval;
  } while (true);
}

bool OtlpTracer::send_batch() {
  std::string problem;
  const OtlpOutcome outcome = send_(otlp_json(batch_, options_.resource), problem);
  if (outcome == OtlpOutcome::taken) {
    outage_.worked();
  } else {
    pause_ = outage_.failed(problem);
  }
  if (outcome == OtlpOutcome::later) return false;
  std::uint64_t spans = 0;
  for (const TracedExchange& traced : batch_) spans += traced.spans();
  batch_.clear();
  const std::scoped_lock lock(mutex_);
  (outcome == OtlpOutcome::taken ? stats_.exported : stats_.dropped) += spans;
  return outcome == OtlpOutcome::taken;
}

}  // namespace responses_proxy
