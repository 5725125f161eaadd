// Waits for something that other threads or processes bring about.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace responses_proxy::testing {

// Whether it came true before a deadline that only a broken program reaches.
inline bool wait_until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace responses_proxy::testing
