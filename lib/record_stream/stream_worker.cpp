#include "record_stream/stream_worker.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <utility>

#include "storage/record_codec.h"

namespace responses_proxy {

std::string consumer_name(const std::string& prefix, Random& random) {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return fmt::format("{}-{}-{}-{:08x}", prefix, host.data(), ::getpid(),
                     static_cast<std::uint32_t>(random.next()));
}

StreamWorker::StreamWorker(StreamOptions stream, RecordWriter& records, const Clock& clock, Log log,
                           StreamWorkerOptions options)
    : records_(records),
      clock_(clock),
      log_(std::move(log)),
      consumer_(std::move(stream), clock, std::move(options.consumer)),
      redis_("worker: Redis", options.first_retry, options.max_retry, log_),
      database_("worker: the database", options.first_retry, options.max_retry, log_),
      thread_([this] { run(); }) {}

StreamWorker::~StreamWorker() {
  stop();
}

void StreamWorker::request_stop(Millis empty_within) {
  {
    const std::scoped_lock lock(mutex_);
    if (!stopping_) empty_until_ = clock_.steady() + empty_within;
    stopping_ = true;
  }
  wake_.notify_one();
}

void StreamWorker::stop(Millis empty_within) {
  request_stop(empty_within);
  if (thread_.joinable()) thread_.join();
}

TelemetryWorkerStats StreamWorker::stats() const {
  return {written_.load(), poison_.load(), claimed_.load()};
}

void StreamWorker::run() {
  bool found_something = false;
  do {
    try {
      found_something = work();
    } catch (const RedisError& error) {
      found_something = false;
      consumer_.disconnect();
      pause(redis_.failed(error.what()));
    }
  } while (goes_on(found_something));
  leave();
}

bool StreamWorker::goes_on(bool found_something) {
  const std::scoped_lock lock(mutex_);
  return !stopping_ || (found_something && clock_.steady() < empty_until_);
}

bool StreamWorker::work() {
  Entries entries = consumer_.next();
  redis_.worked();
  claimed_ = consumer_.claimed();
  if (entries.empty()) return false;
  store(std::move(entries));
  return true;
}

void StreamWorker::store(Entries entries) {
  std::vector<RequestRecord> records;
  std::vector<std::string> ids;  // of the records, then of what needs no writing
  std::vector<PoisonEntry> poison;
  std::vector<std::string> gone;
  for (StreamEntry& entry : entries) {
    auto record = entry.record ? decode_record(*entry.record) : std::nullopt;
    if (record) {
      records.push_back(std::move(*record));
      ids.push_back(std::move(entry.id));
    } else if (entry.gone) {
      gone.push_back(std::move(entry.id));
    } else {
      poison.push_back({std::move(entry.id), "not a record",
                        entry.record ? std::move(*entry.record) : std::move(entry.fields)});
    }
  }
  const auto refused = write(records);
  if (!refused) return;
  for (auto one = refused->rbegin(); one != refused->rend(); ++one) {
    poison.push_back({ids[one->index], one->reason, encode_record(records[one->index])});
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(one->index));
  }
  const std::size_t written = ids.size();
  ids.insert(ids.end(), gone.begin(), gone.end());
  consumer_.settle(ids, written);
  written_ += written;
  set_aside(poison);
}

std::optional<std::vector<RefusedRecord>> StreamWorker::write(
    const std::vector<RequestRecord>& records) {
  for (;;) {
    try {
      auto refused = write_parts(
          records, [this](std::span<const RequestRecord> part) { records_.write(part); });
      if (!records.empty()) database_.worked();
      return refused;
    } catch (const std::exception& error) {
      pause(database_.failed(error.what()));
    }
    const std::scoped_lock lock(mutex_);
    if (stopping_) return std::nullopt;
  }
}

void StreamWorker::set_aside(const std::vector<PoisonEntry>& poison) {
  if (poison.empty()) return;
  if (!std::exchange(poison_logged_, true)) {
    log_({LogLevel::error,
          "entry_set_aside",
          fmt::format(
              "worker: the entry {} cannot be stored and is set aside (more are only counted): {}",
              poison.front().id, poison.front().reason),
          {{"entry", poison.front().id}, {"problem", poison.front().reason}}});
  }
  consumer_.set_aside(poison);
  poison_ += poison.size();
}

void StreamWorker::pause(Millis duration) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, duration, [this] { return stopping_; });
}

void StreamWorker::leave() {
  try {
    consumer_.leave();
  } catch (const RedisError&) {
    // Another member removes this one's name some time.
  }
}

}  // namespace responses_proxy
