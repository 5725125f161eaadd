#include "telemetry/queue_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

namespace responses_proxy {

QueueTelemetrySink::QueueTelemetrySink(RecordStore& store, std::size_t capacity, Log log,
                                       QueueSinkOptions options)
    : store_(store), capacity_(capacity), log_(std::move(log)), options_(options), writer_([this] {
        run();
      }) {}

QueueTelemetrySink::~QueueTelemetrySink() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_writer_.notify_one();
  writer_.join();
}

void QueueTelemetrySink::record(RequestRecord record) noexcept {
  bool wake = false;
  {
    const std::scoped_lock lock(mutex_);
    if (pending() >= capacity_) {
      ++dropped_;
      return;
    }
    try {
      queue_.push_back(std::move(record));
    } catch (const std::exception&) {
      ++dropped_;
      return;
    }
    ++accepted_;
    // The writer waits for the first record, then for a full batch: no need to wake it in between.
    wake = queue_.size() == 1 || queue_.size() == options_.max_batch;
  }
  if (wake) wake_writer_.notify_one();
}

bool QueueTelemetrySink::flush(Millis timeout) {
  std::unique_lock lock(mutex_);
  const std::uint64_t target = accepted_;
  flush_up_to_ = std::max(flush_up_to_, target);
  wake_writer_.notify_one();
  return settled_changed_.wait_for(lock, timeout, [&] { return settled_ >= target; });
}

TelemetryStats QueueTelemetrySink::stats() const {
  const std::scoped_lock lock(mutex_);
  return {accepted_, written_, dropped_, pending()};
}

void QueueTelemetrySink::run() {
  for (Records taken = take(); !taken.empty(); taken = take()) {
    while (!taken.empty()) {
      const auto count = std::min(taken.size(), options_.max_batch);
      const auto end = taken.begin() + static_cast<std::ptrdiff_t>(count);
      const std::vector<RequestRecord> batch(std::make_move_iterator(taken.begin()),
                                             std::make_move_iterator(end));
      taken.erase(taken.begin(), end);
      if (!deliver(batch)) return give_up();
    }
  }
}

QueueTelemetrySink::Records QueueTelemetrySink::take() {
  std::unique_lock lock(mutex_);
  wake_writer_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  wake_writer_.wait_for(lock, options_.linger, [this] {
    return stopping_ || settled_ < flush_up_to_ || queue_.size() >= options_.max_batch;
  });
  // All of them at once: record() must not wait while they are moved one by one.
  return std::exchange(queue_, {});
}

bool QueueTelemetrySink::deliver(const std::vector<RequestRecord>& batch) {
  Millis retry = options_.first_retry;
  bool failed_before = false;
  while (const auto problem = try_write(batch)) {
    if (!failed_before) log_(fmt::format("telemetry: records wait for the database: {}", *problem));
    failed_before = true;
    if (!pause(retry)) return false;
    retry = std::min(2 * retry, options_.max_retry);
  }
  if (failed_before) {
    log_(fmt::format("telemetry: the database works again, {} records dropped since the start",
                     stats().dropped));
  }
  settle(batch.size(), 0);
  return true;
}

std::optional<std::string> QueueTelemetrySink::try_write(const std::vector<RequestRecord>& batch) {
  try {
    store_.write(batch);
    return std::nullopt;
  } catch (const std::exception& error) {
    return error.what();
  }
}

bool QueueTelemetrySink::pause(Millis duration) {
  std::unique_lock lock(mutex_);
  if (stopping_) return false;
  wake_writer_.wait_for(lock, duration, [this] { return stopping_; });
  return true;
}

void QueueTelemetrySink::settle(std::size_t written, std::size_t lost) {
  const std::scoped_lock lock(mutex_);
  written_ += written;
  dropped_ += lost;
  settled_ += written + lost;
  settled_changed_.notify_all();
}

void QueueTelemetrySink::give_up() {
  const std::size_t lost = stats().queued;
  settle(0, lost);
  log_(fmt::format("telemetry: {} records lost at shutdown, the database does not work", lost));
}

}  // namespace responses_proxy
