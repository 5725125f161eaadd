#include "responses_proxy/health_observers.h"

#include <utility>

namespace responses_proxy {

struct HealthObservers::Subscriber {
  explicit Subscriber(HealthObserver of_host) : observer(std::move(of_host)) {}

  const HealthObserver observer;
  // Held while it is called; recursive, so that the observer may end its subscription in there.
  std::recursive_mutex mutex;
  bool gone = false;  // guarded by mutex
};

HealthSubscription HealthObservers::add(HealthObserver observer) {
  auto subscriber = std::make_shared<Subscriber>(std::move(observer));
  {
    const std::scoped_lock lock(mutex_);
    std::erase_if(subscribers_, [](const auto& one) { return one.expired(); });
    subscribers_.push_back(subscriber);
  }
  Subscriber* const told = subscriber.get();
  return HealthSubscription(told, [kept = std::move(subscriber)](void*) {
    const std::scoped_lock lock(kept->mutex);
    kept->gone = true;
  });
}

void HealthObservers::tell(const HealthChange& change) const {
  std::vector<std::weak_ptr<Subscriber>> subscribers;
  {
    const std::scoped_lock lock(mutex_);
    subscribers = subscribers_;
  }
  for (const auto& one : subscribers) {
    const auto subscriber = one.lock();
    if (!subscriber) continue;
    const std::scoped_lock lock(subscriber->mutex);
    if (!subscriber->gone) subscriber->observer(change);
  }
}

}  // namespace responses_proxy
