// RecentDecisions: the last picks, for /admin/state and the dashboard; lost on restart.
//
// Role       Those of this process, or of all replicas where a source of them is given.
// Threads    Safe from any thread; one short lock per call.
// Blocking   newest_first() as long as the source does.
// Limits     Keeps the last kCapacity.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "responses_proxy/decision.h"

namespace responses_proxy {

class RecentDecisions {
 public:
  static constexpr std::size_t kCapacity = 50;
  // Nothing: they cannot be had at the moment.
  using Source = std::function<std::optional<std::vector<Decision>>()>;

  explicit RecentDecisions(Source all_replicas = {}) : all_replicas_(std::move(all_replicas)) {}

  void add(Decision decision);
  std::vector<Decision> newest_first() const;

 private:
  const Source all_replicas_;
  mutable std::mutex mutex_;
  std::vector<Decision> ring_;
  std::size_t next_ = 0;
};

}  // namespace responses_proxy
