#include "runtime/registry_refresh.h"

#include <utility>

#include "registry/registry.h"

namespace responses_proxy {

RegistryRefresh::RegistryRefresh(Registry& registry, Millis interval)
    : registry_(registry), interval_(interval), thread_([this] { run(); }) {}

RegistryRefresh::~RegistryRefresh() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void RegistryRefresh::hurry() {
  {
    const std::scoped_lock lock(mutex_);
    asked_ = true;
  }
  changed_.notify_all();
}

void RegistryRefresh::run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    changed_.wait_for(lock, interval_, [this] { return asked_ || stopped_; });
    if (stopped_) return;
    asked_ = false;
    lock.unlock();
    registry_.refresh();
    lock.lock();
  }
}

}  // namespace responses_proxy
