// RecentDecisions: the last picks, for /admin/state and the dashboard; lost on restart.
//
// Threads    Safe from any thread; one short lock per call.
// Limits     Keeps the last kCapacity.
#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

#include "responses_proxy/decision.h"

namespace responses_proxy {

class RecentDecisions {
 public:
  static constexpr std::size_t kCapacity = 50;

  void add(Decision decision);
  std::vector<Decision> newest_first() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Decision> ring_;
  std::size_t next_ = 0;
};

}  // namespace responses_proxy
