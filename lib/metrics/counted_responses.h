// CountedResponses: the latest background responses whose usage was counted: every answer that
// reads one back has it. Of this process; the database knows of all (storage/background_usage.h).
//
// Threads    Safe from any thread.
// Limits     kMaxResponses; the oldest ones are forgotten.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_set>

namespace responses_proxy {

class CountedResponses {
 public:
  static constexpr std::size_t kMaxResponses = 10'000;

  // Whether the response was not seen before, or so long ago that it is forgotten.
  bool is_first(const std::string& response_id);

 private:
  std::mutex mutex_;  // guards what follows
  std::unordered_set<std::string> known_;
  std::deque<std::string> oldest_first_;
};

}  // namespace responses_proxy
