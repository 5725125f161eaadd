#include "postgres/socket_deadlines.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>

using namespace responses_proxy;

namespace {

// Reading from it blocks until it is broken.
struct Pair {
  Pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0); }
  ~Pair() {
    for (const int end : ends) ::close(end);
  }
  bool broken(int flags) {
    char byte = 0;
    return ::recv(ends[0], &byte, 1, flags) == 0;
  }
  std::array<int, 2> ends{};
};

}  // namespace

TEST_CASE("a socket is broken when its time is up, and no other is") {
  const SystemClock clock;
  SocketDeadlines deadlines(clock);
  Pair patient;
  Pair late;
  Pair later;
  const SocketDeadlines::Guard never(deadlines, patient.ends[0],
                                     clock.steady() + std::chrono::hours(1));
  const auto end = clock.steady() + std::chrono::milliseconds(20);
  const SocketDeadlines::Guard second(deadlines, later.ends[0],
                                      end + std::chrono::milliseconds(10));
  const SocketDeadlines::Guard first(deadlines, late.ends[0], end);
  CHECK(late.broken(0));
  CHECK(first.expired());
  CHECK(later.broken(0));
  CHECK(second.expired());
  CHECK_FALSE(patient.broken(MSG_DONTWAIT));
  CHECK_FALSE(never.expired());
}

TEST_CASE("a guard that is gone watches nothing") {
  const SystemClock clock;
  SocketDeadlines deadlines(clock);
  Pair pair;
  Pair other;
  const auto end = clock.steady() + std::chrono::milliseconds(20);
  { const SocketDeadlines::Guard guard(deadlines, pair.ends[0], end); }
  const SocketDeadlines::Guard later(deadlines, other.ends[0], end + std::chrono::milliseconds(5));
  CHECK(other.broken(0));
  CHECK_FALSE(pair.broken(MSG_DONTWAIT));
}
