#include "telemetry/queue_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

namespace responses_proxy {

namespace {

// Removes up to `max` records from the front.
BatchWriter::Batch next_batch(std::deque<RequestRecord>& records, std::size_t max) {
  const auto end = records.begin() + static_cast<std::ptrdiff_t>(std::min(records.size(), max));
  auto batch = std::make_shared<const std::vector<RequestRecord>>(
      std::make_move_iterator(records.begin()), std::make_move_iterator(end));
  records.erase(records.begin(), end);
  return batch;
}

}  // namespace

QueueTelemetrySink::QueueTelemetrySink(RecordWriter& target, std::size_t capacity,
                                       const Clock& clock, Log log, QueueSinkOptions options)
    : target_(target),
      capacity_(capacity),
      clock_(clock),
      log_(std::move(log)),
      options_(std::move(options)),
      backlog_(options_.spool_path, options_.spool_bytes, log_),
      retry_(options_.first_retry),
      writer_(target, options_.tend_every, [this](BatchWriter::Outcome outcome) {
        {
          const std::scoped_lock lock(mutex_);
          outcome_ = std::move(outcome);
        }
        wake_feeder_.notify_one();
      }) {
  backlog_.adopt();
  settle(0, 0, 0);
  feeder_ = std::thread([this] { run(); });
}

QueueTelemetrySink::~QueueTelemetrySink() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_feeder_.notify_one();
  feeder_.join();
  writer_.stop();
  take_back();
}

void QueueTelemetrySink::record(RequestRecord record) noexcept {
  switch (admit(std::move(record))) {
    case Admitted::quietly:
      return;
    case Admitted::wakes:
      wake_feeder_.notify_one();
      return;
    case Admitted::not_any_more:
      log_({LogLevel::error,
            "queue_full",
            fmt::format("telemetry: {} records wait, new ones are dropped until there is room",
                        capacity_),
            {{"records", static_cast<std::int64_t>(capacity_)}}});
  }
}

QueueTelemetrySink::Admitted QueueTelemetrySink::admit(RequestRecord&& record) noexcept {
  const std::scoped_lock lock(mutex_);
  if (pending() >= capacity_) {
    ++dropped_;
    return std::exchange(full_, true) ? Admitted::quietly : Admitted::not_any_more;
  }
  try {
    admit_bodies(record);
    queue_.push_back(std::move(record));
  } catch (const std::exception&) {
    ++dropped_;
    return Admitted::quietly;
  }
  ++accepted_;
  // The feeder waits for the first record, then for a full batch: no need to wake it in between.
  const bool wakes = queue_.size() == 1 || queue_.size() == options_.max_batch;
  return wakes ? Admitted::wakes : Admitted::quietly;
}

void QueueTelemetrySink::admit_bodies(RequestRecord& record) {
  const std::size_t bytes = record.request_body.size() + record.response_body.size();
  if (bytes == 0) return;
  if (body_bytes_ + bytes > options_.max_body_bytes) {
    record.request_body = {};
    record.response_body = {};
    ++bodies_dropped_;
    return;
  }
  bodies_.push_back({accepted_ + 1, bytes});
  body_bytes_ += bytes;
}

bool QueueTelemetrySink::flush(Millis timeout) {
  std::unique_lock lock(mutex_);
  const std::uint64_t target = accepted_;
  flush_up_to_ = std::max(flush_up_to_, target);
  wake_feeder_.notify_one();
  return settled_changed_.wait_for(lock, timeout, [&] { return settled_ >= target; });
}

TelemetryStats QueueTelemetrySink::stats() const {
  const std::scoped_lock lock(mutex_);
  return {accepted_, written_, dropped_ + target_.lost(), pending(), spooled_, bodies_dropped_};
}

void QueueTelemetrySink::run() {
  while (std::optional<Records> taken = take()) {
    while (!taken->empty()) {
      if (!keep(next_batch(*taken, options_.max_batch))) return give_up();
      replay();
    }
    replay();
  }
}

std::optional<QueueTelemetrySink::Records> QueueTelemetrySink::take() {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return stopping_ || !queue_.empty() || outcome_; };
  if (in_trouble() && !under_way_) {
    wake_feeder_.wait_for(lock, until_retry(), ready);
  } else {
    wake_feeder_.wait(lock, ready);
  }
  if (queue_.empty()) return stopping_ ? std::nullopt : std::optional<Records>(Records{});
  wake_feeder_.wait_for(lock, options_.linger, [this] {
    return stopping_ || outcome_ || settled_ < flush_up_to_ || queue_.size() >= options_.max_batch;
  });
  // All of them at once: record() must not wait while they are moved one by one.
  return std::exchange(queue_, {});
}

bool QueueTelemetrySink::keep(const Batch& batch) {
  if (!in_trouble()) {
    start(batch);
    const auto outcome =
        wait_for_outcome(backlog_.enabled() ? std::optional(options_.patience) : std::nullopt);
    if (outcome && settle_batch(*outcome)) return true;
    if (!outcome) {
      failing_ = true;
      begin_outage(fmt::format("it is silent for {} ms", options_.patience.count()));
    }
  }
  const std::size_t spooled = backlog_.add(*batch);
  settle(0, spooled, 0);
  if (spooled == batch->size()) return true;
  return hold(std::make_shared<const std::vector<RequestRecord>>(
      batch->begin() + static_cast<std::ptrdiff_t>(spooled), batch->end()));
}

bool QueueTelemetrySink::hold(const Batch& batch) {
  for (;;) {
    if (under_way_) settle_under_way(*wait_for_outcome(std::nullopt));
    if (failing_ && !pause()) return false;
    start(batch);
    if (settle_batch(*wait_for_outcome(std::nullopt))) return true;
  }
}

void QueueTelemetrySink::replay() {
  if (under_way_) {
    const auto outcome = wait_for_outcome(Millis(0));
    if (outcome) settle_under_way(*outcome);
  }
  while (!under_way_ && !backlog_.empty() && until_retry() <= SteadyTime::duration::zero()) {
    replayed_ = backlog_.next(options_.max_batch);
    if (replayed_->records.empty()) {
      forget_replayed(0, 0);
    } else {
      start(std::make_shared<const std::vector<RequestRecord>>(std::move(replayed_->records)));
    }
  }
}

void QueueTelemetrySink::start(Batch batch) {
  under_way_ = batch->size();
  writer_.start(std::move(batch));
}

std::optional<BatchWriter::Outcome> QueueTelemetrySink::wait_for_outcome(
    std::optional<Millis> timeout) {
  std::unique_lock lock(mutex_);
  const auto there = [this] { return outcome_.has_value(); };
  if (!timeout) {
    wake_feeder_.wait(lock, there);
  } else if (!wake_feeder_.wait_for(lock, *timeout, there)) {
    return std::nullopt;
  }
  return std::exchange(outcome_, std::nullopt);
}

bool QueueTelemetrySink::learn(const BatchWriter::Outcome& outcome) {
  under_way_ = 0;
  failing_ = !outcome.outage.empty();
  if (failing_) {
    retry_at_ = clock_.steady() + retry_;
    retry_ = std::min(2 * retry_, options_.max_retry);
    begin_outage(outcome.outage);
    return false;
  }
  retry_ = options_.first_retry;
  if (outcome.refused > 0 && !std::exchange(refusal_logged_, true)) {
    log_(
        {LogLevel::error,
         "record_refused",
         fmt::format("telemetry: {} refuses a record, which is dropped (more are only counted): {}",
                     target_.name(), outcome.refusal),
         {{"what", target_.name()}, {"problem", outcome.refusal}}});
  }
  return true;
}

bool QueueTelemetrySink::settle_batch(const BatchWriter::Outcome& outcome) {
  const std::size_t size = under_way_;
  if (!learn(outcome)) return false;
  if (backlog_.empty()) end_outage();
  settle(size - outcome.refused, 0, outcome.refused);
  return true;
}

void QueueTelemetrySink::settle_under_way(const BatchWriter::Outcome& outcome) {
  const std::size_t size = under_way_;
  const bool works = learn(outcome);
  if (works && replayed_) forget_replayed(size - outcome.refused, outcome.refused);
  replayed_.reset();
}

void QueueTelemetrySink::forget_replayed(std::size_t written, std::size_t refused) {
  backlog_.forget(*replayed_);
  replayed_.reset();
  replayed_count_ += written;
  {
    const std::scoped_lock lock(mutex_);
    written_ += written;
    dropped_ += refused;
  }
  settle(0, 0, 0);
  if (backlog_.empty()) end_outage();
}

void QueueTelemetrySink::begin_outage(const std::string& problem) {
  if (std::exchange(outage_, true)) return;
  log_({LogLevel::warning,
        "outage_begun",
        fmt::format("telemetry: records wait for {}: {}", target_.name(), problem),
        {{"what", target_.name()}, {"problem", problem}}});
}

void QueueTelemetrySink::end_outage() {
  if (!std::exchange(outage_, false) && replayed_count_ == 0) return;
  backlog_.outage_over();
  const std::size_t replayed = std::exchange(replayed_count_, 0);
  const std::uint64_t dropped = stats().dropped;
  log_({LogLevel::info,
        "outage_ended",
        fmt::format("telemetry: {} works again, {} records came from the spool, {} were dropped "
                    "since the start",
                    target_.name(), replayed, dropped),
        {{"what", target_.name()},
         {"replayed", static_cast<std::int64_t>(replayed)},
         {"dropped", static_cast<std::int64_t>(dropped)}}});
}

bool QueueTelemetrySink::pause() {
  std::unique_lock lock(mutex_);
  if (stopping_) return false;
  wake_feeder_.wait_for(lock, until_retry(), [this] { return stopping_; });
  return true;
}

void QueueTelemetrySink::settle(std::size_t written, std::size_t spooled, std::size_t lost) {
  const std::scoped_lock lock(mutex_);
  written_ += written;
  dropped_ += lost + backlog_.take_damaged();
  spooled_ = backlog_.size();
  settled_ += written + spooled + lost;
  bodies_dropped_ += backlog_.take_bodies_dropped();
  if (pending() <= capacity_ / 2) full_ = false;  // the next time is news again
  while (!bodies_.empty() && bodies_.front().record <= settled_) {
    body_bytes_ -= bodies_.front().bytes;
    bodies_.pop_front();
  }
  settled_changed_.notify_all();
}

void QueueTelemetrySink::give_up() {
  const std::size_t lost = stats().queued;
  settle(0, 0, lost);
  log_lost(lost, fmt::format("telemetry: {} records lost at shutdown, {} does not work", lost,
                             target_.name()));
}

void QueueTelemetrySink::take_back() {
  const std::vector<RequestRecord> records = target_.take_back();
  const std::size_t lost = records.size() - backlog_.add(records);
  if (lost > 0) log_lost(lost, fmt::format("telemetry: {} records lost at shutdown", lost));
  if (backlog_.empty()) return;
  log_({LogLevel::warning,
        "records_spooled",
        fmt::format("telemetry: {} records stay in the spool for the next start", backlog_.size()),
        {{"records", static_cast<std::int64_t>(backlog_.size())}}});
}

void QueueTelemetrySink::log_lost(std::size_t records, std::string message) {
  log_({LogLevel::error,
        "records_lost",
        std::move(message),
        {{"records", static_cast<std::int64_t>(records)}}});
}

}  // namespace responses_proxy
