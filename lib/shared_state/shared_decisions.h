// SharedDecisions: the last picks of all replicas, in a list in Redis.
//
// Threads    add() from any; flush() and fetch() on the loop of the connection.
// Limits     kKept in Redis; between two ticks the last kKept of this process.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "redis/async_connection.h"
#include "responses_proxy/decision.h"

namespace responses_proxy {

class SharedDecisions {
 public:
  static constexpr std::size_t kKept = 50;
  using Fetched = std::function<void(std::optional<std::vector<Decision>> newest_first)>;

  void add(Decision decision);
  // What came since the last time, in two commands.
  void flush(AsyncConnection& connection);
  // Nothing if Redis does not answer in time.
  void fetch(AsyncConnection& connection, const Fetched& fetched);

 private:
  std::mutex mutex_;  // guards fresh_
  std::deque<Decision> fresh_;
};

std::string encode_decision(const Decision& decision);
std::optional<Decision> decode_decision(std::string_view text);

}  // namespace responses_proxy
