#include "shared_state/health_news.h"

#include <algorithm>
#include <chrono>

namespace responses_proxy {

namespace {

std::string left(SteadyTime until, SteadyTime now) {
  return std::to_string(std::max<Millis::rep>(0, std::chrono::ceil<Millis>(until - now).count()));
}

// Under a storm of 429 every answer moves the end a little: tell when it has moved by a fifth.
bool much_later(SteadyTime mine, SteadyTime theirs, SteadyTime now) {
  return mine > now && mine - std::max(theirs, now) > (mine - now) / 5;
}

}  // namespace

bool HealthNews::due(const ResourceState& state, SteadyTime now) {
  if (state.changes() == changes_) return false;
  return state.health() != theirs_.health || state.on_trial() != theirs_.on_trial ||
         much_later(state.cooldown_until(), theirs_.cooldown_until, now) ||
         much_later(state.blocked_until(), theirs_.blocked_until, now);
}

void HealthNews::append_to(std::vector<std::string>& words, const ResourceState& state,
                           SteadyTime now) {
  telling_changes_ = state.changes();
  telling_ = {state.health(), state.cooldown_until(), state.blocked_until(), state.on_trial()};
  words.push_back(state.name());
  words.push_back(std::to_string(static_cast<int>(telling_.health)));
  words.push_back(left(telling_.cooldown_until, now));
  words.push_back(left(telling_.blocked_until, now));
  words.push_back(state.last_error());
  words.emplace_back(telling_.on_trial ? "1" : "0");
}

void HealthNews::told() {
  theirs_ = telling_;
  changes_ = telling_changes_;
}

void HealthNews::heard(ResourceState& state, const Verdict& verdict, SteadyTime now) {
  state.learn(verdict, now);
  theirs_ = {verdict.health, now + verdict.cooldown, now + verdict.blocked, verdict.on_trial};
}

}  // namespace responses_proxy
