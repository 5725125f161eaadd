// HealthNews: what the other replicas know of one resource's health, and whether to tell them more.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "responses_proxy/resource_state.h"

namespace responses_proxy {

class HealthNews {
 public:
  // Whether own traffic has changed something that is worth telling.
  bool due(const ResourceState& state, SteadyTime now);
  // Appends name, health, cooldown, blocked, reason and trial, as the tick script takes them.
  void append_to(std::vector<std::string>& words, const ResourceState& state, SteadyTime now);
  // What was appended last has arrived.
  void told();
  // Another replica tells: the state learns it, and they need not hear it from us.
  void heard(ResourceState& state, const Verdict& verdict, SteadyTime now);

 private:
  struct View {
    Health health = Health::unknown;
    SteadyTime cooldown_until{};
    SteadyTime blocked_until{};
    bool on_trial = false;
  };

  View theirs_;
  View telling_;
  std::uint64_t changes_ = 0;  // of the state, when it was last looked at and not worth telling
  std::uint64_t telling_changes_ = 0;
};

}  // namespace responses_proxy
