#include "control/database_probe.h"

namespace responses_proxy::control {

bool DatabaseProbe::answers() {
  {
    const std::scoped_lock lock(mutex_);
    const SteadyTime now = clock_.steady();
    if (waiting_) return last_ && now - *asked_at_ < kPatience;
    if (asked_at_ && now - *asked_at_ < kFresh) return last_;
    asked_at_ = now;
    waiting_ = true;
  }
  const bool answered = ping();
  const std::scoped_lock lock(mutex_);
  waiting_ = false;
  last_ = answered;
  return answered;
}

bool DatabaseProbe::ping() {
  try {
    if (ping_) ping_();
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace responses_proxy::control
