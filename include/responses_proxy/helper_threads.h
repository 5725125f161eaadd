// HelperThreads: for what would hold an event loop up for too long: reading a body of many
// megabytes.
//
// Role       Runs one piece of work after the other, each on one of a few threads. Whoever gives
//            work to it comes back to its own loop by posting there.
// Threads    run() from any thread.
// Ownership  What the work refers to outlives it; destroying the object waits for the work in hand
//            and drops the rest.
// Errors     run() says when too much is waiting; the work must not throw.
// Blocking   run() never; its lock is not held while anything runs.
// Limits     kMaxWaiting pieces wait.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

class HelperThreads {
 public:
  static constexpr std::size_t kMaxWaiting = 1024;

  virtual ~HelperThreads() = default;
  // false: kMaxWaiting are waiting, and this will not run.
  virtual bool run(std::function<void()> work) = 0;
};

std::unique_ptr<HelperThreads> make_helper_threads(std::size_t threads = 2);

}  // namespace responses_proxy
