// UnconfirmedRecords: what this process put into the stream and no worker has stored yet, kept so
// that it can be sent again should Redis lose its data.
//
// Threads    One at a time; lost() from any.
// Limits     Keeps the newest `max_bytes` of payloads. Of older ones it knows only how many there
//            are.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "record_stream/stream.h"

namespace responses_proxy {

class UnconfirmedRecords {
 public:
  explicit UnconfirmedRecords(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // Ids grow from call to call.
  void add(StreamId id, std::string payload);
  // The entries before `id` are stored.
  void confirm_before(StreamId id);
  // Redis has lost its data: what was kept, oldest first; the rest is counted as lost.
  std::deque<std::string> take();

  bool empty() const { return kept_.empty() && counted_.empty(); }
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  struct Kept {
    StreamId id;
    std::string payload;
  };
  struct Counted {
    StreamId last;
    std::size_t count;
  };
  void count_only(StreamId id);

  const std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::deque<Kept> kept_;
  std::deque<Counted> counted_;  // all older than kept_
  std::atomic<std::uint64_t> lost_{0};
};

}  // namespace responses_proxy
