#include "core/periodic_thread.h"

#include <doctest/doctest.h>

#include <atomic>

#include "fakes/wait_until.h"

using namespace responses_proxy;
using testing::wait_until;

namespace {

constexpr Millis kNever{std::chrono::hours(1)};

}  // namespace

TEST_CASE("the work is done again after as long as it says") {
  std::atomic<int> done{0};
  const PeriodicThread thread(Millis(0), [&] { return ++done < 3 ? Millis(0) : kNever; });
  CHECK(wait_until([&] { return done == 3; }));
}

TEST_CASE("who is in a hurry gets it done at once") {
  std::atomic<int> done{0};
  PeriodicThread thread(kNever, [&] {
    ++done;
    return kNever;
  });
  CHECK(done == 0);
  thread.hurry();
  CHECK(wait_until([&] { return done == 1; }));
  thread.hurry();
  CHECK(wait_until([&] { return done == 2; }));
}

TEST_CASE("a pause ends with the thread") {
  std::atomic<int> done{0};
  {
    const PeriodicThread thread(kNever, [&] {
      ++done;
      return kNever;
    });
  }
  CHECK(done == 0);
}
