// HealthObservers: who is told when the health of a resource changes.
//
// Role       A StateStore has one, which all of its ResourceStates share: whoever is added is told
//            of those that were made before, too.
// Threads    Any. An observer is called on the thread that has found out, one call at a time.
// Ownership  What add() returns is the observer's stay: when it goes, nothing is told any more, and
//            a call under way on another thread has ended. It may outlive this object.
// Blocking   An observer must not block: whoever has more to tell it waits.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "responses_proxy/export.h"
#include "responses_proxy/health.h"

namespace RP_PUBLIC responses_proxy {

using HealthSubscription = std::shared_ptr<void>;

class HealthObservers {
 public:
  // An observer may give up its subscription while it is called.
  [[nodiscard]] HealthSubscription add(HealthObserver observer);
  void tell(const HealthChange& change) const;

 private:
  struct Subscriber;
  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<Subscriber>> subscribers_;  // guarded by mutex_
};

}  // namespace responses_proxy
