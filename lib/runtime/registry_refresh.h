// RegistryRefresh: looks for what other replicas have registered, and for files that have changed.
//
// Role       Every `interval`, and at once when told that there is something new.
// Threads    One of its own; hurry() from any thread.
// Ownership  The Registry outlives it.
// Blocking   The destructor waits for a refresh that is under way.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "responses_proxy/clock.h"

namespace responses_proxy {

class Registry;

class RegistryRefresh {
 public:
  RegistryRefresh(Registry& registry, Millis interval);
  ~RegistryRefresh();
  RegistryRefresh(const RegistryRefresh&) = delete;
  RegistryRefresh& operator=(const RegistryRefresh&) = delete;

  void hurry();

 private:
  void run();

  Registry& registry_;
  const Millis interval_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  bool asked_ = false;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace responses_proxy
