// What the tests of the sink share: a store that can be made to fail, and the lines logged.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "fakes/call_hold.h"
#include "fakes/sample_records.h"
#include "responses_proxy/storage_error.h"
#include "storage/record_writer.h"
#include "telemetry/queue_sink.h"

namespace responses_proxy::testing {

constexpr Millis kLong{60'000};  // longer than any test should take
inline const SystemClock kClock{};

// A database that keeps what is written, each id once. Can be told to fail, to refuse single
// records, and to hold calls until they are let go.
class FakeWriter final : public RecordWriter {
 public:
  void write(std::span<const RequestRecord> records) override {
    {
      const std::scoped_lock lock(mutex_);
      ++attempts_;
      changed_.notify_all();
    }
    hold_.pass();
    const std::scoped_lock lock(mutex_);
    if (failing_) throw StorageError("disk full");
    for (const auto& record : records) {
      if (refused_.contains(record.request_id)) throw RecordRefused("a constraint");
    }
    batches_.push_back(records.size());
    for (const auto& record : records) {
      if (!known_.insert(record.request_id).second) continue;
      ids_.push_back(record.request_id);
      if (!record.request_body.empty()) with_bodies_.push_back(record.request_id);
    }
  }
  std::string name() const override { return "the database"; }
  bool tend() noexcept override {
    const std::scoped_lock lock(mutex_);
    ++tended_;
    changed_.notify_all();
    return tended_ < wants_tending_;
  }
  std::vector<RequestRecord> take_back() override { return gives_back; }

  std::vector<RequestRecord> gives_back;  // set before the sink ends

  void set_failing(bool failing) {
    const std::scoped_lock lock(mutex_);
    failing_ = failing;
  }
  void set_held(bool held) { hold_.set(held); }
  void refuse(const std::string& id) {
    const std::scoped_lock lock(mutex_);
    refused_.insert(id);
  }
  // tend() wants to be called again until it was called that many times.
  void want_tending(int times) {
    const std::scoped_lock lock(mutex_);
    wants_tending_ = times;
  }
  void wait_for_tending(int times) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, kLong, [&] { return tended_ >= times; }));
  }
  int tended() {
    const std::scoped_lock lock(mutex_);
    return tended_;
  }
  // Until write() was called that many times.
  void wait_for_attempts(int count) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, kLong, [&] { return attempts_ >= count; }));
  }
  int attempts() {
    const std::scoped_lock lock(mutex_);
    return attempts_;
  }
  std::vector<std::string> ids() {
    const std::scoped_lock lock(mutex_);
    return ids_;
  }
  // Of the records that came with their bodies.
  std::vector<std::string> with_bodies() {
    const std::scoped_lock lock(mutex_);
    return with_bodies_;
  }
  std::vector<std::size_t> batches() {
    const std::scoped_lock lock(mutex_);
    return batches_;
  }

 private:
  CallHold hold_;
  std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  bool failing_ = false;
  int attempts_ = 0;
  int tended_ = 0;
  int wants_tending_ = 0;
  std::set<std::string> refused_;
  std::set<std::string> known_;
  std::vector<std::string> ids_;
  std::vector<std::string> with_bodies_;
  std::vector<std::size_t> batches_;
};

class LogLines {
 public:
  Log log() {
    return [this](const LogEvent& event) {
      const std::scoped_lock lock(mutex_);
      lines_.push_back(event.message);
      changed_.notify_all();
    };
  }
  std::vector<std::string> lines() {
    const std::scoped_lock lock(mutex_);
    return lines_;
  }
  // Until a line has that in it.
  void wait_for(const std::string& part) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, kLong, [&] { return count_locked(part) > 0; }));
  }
  std::ptrdiff_t count(const std::string& part) {
    const std::scoped_lock lock(mutex_);
    return count_locked(part);
  }

 private:
  std::ptrdiff_t count_locked(const std::string& part) {
    return std::count_if(lines_.begin(), lines_.end(), [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    });
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

// Never lingers by itself within a test's time, retries at once.
inline QueueSinkOptions quick() {
  QueueSinkOptions options;
  options.linger = kLong;
  options.first_retry = Millis(0);
  options.max_retry = Millis(1);
  return options;
}

inline RequestRecord numbered(int number) {
  return sample_record(std::to_string(number), at_second(number));
}

inline void record_range(TelemetrySink& sink, int from, int to) {
  for (int i = from; i < to; ++i) sink.record(numbered(i));
}

inline std::vector<std::string> names(int from, int to) {
  std::vector<std::string> all;
  for (int i = from; i < to; ++i) all.push_back(std::to_string(i));
  return all;
}

}  // namespace responses_proxy::testing
