#include "core/task.h"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace responses_proxy {

namespace {

using Trace = std::vector<std::string>;

// Notes its own end.
struct Noted {
  Noted(Trace& trace, std::string name) : trace_(trace), name_(std::move(name)) {}
  ~Noted() { trace_.push_back("~" + name_); }
  Noted(const Noted&) = delete;
  Noted& operator=(const Noted&) = delete;

 private:
  Trace& trace_;
  std::string name_;
};

Task<> inner(Trace& trace, Signal& signal) {
  const Noted local(trace, "inner");
  trace.emplace_back("inner waits");
  co_await signal;
  trace.emplace_back("inner goes on");
}

Task<> middle(Trace& trace, Signal& signal) {
  const Noted local(trace, "middle");
  co_await inner(trace, signal);
  trace.emplace_back("middle goes on");
}

Detached outer(Trace& trace, Signal& signal) {
  const Noted local(trace, "outer");
  co_await middle(trace, signal);
  trace.emplace_back("outer goes on");
}

Task<int> twice(int number) {
  co_return 2 * number;
}

Task<int> twice_or_zero(int number) {
  return number == 0 ? ready(0) : twice(number);
}

Detached add_up(std::vector<int>& sums) {
  co_await ready();
  for (int i = 0; i < 3; ++i) sums.push_back(co_await twice_or_zero(i));
}

Task<> count_to(int n, int& count) {
  if (n == 0) co_return;
  ++count;
  co_await count_to(n - 1, count);
}

Detached run_all(int& count) {
  for (int i = 0; i < 100; ++i) co_await count_to(100, count);
}

// A value that cannot be copied, after a wait or without one.
Task<std::unique_ptr<int>> number(int value, Signal* signal) {
  if (signal != nullptr) co_await *signal;
  co_return std::make_unique<int>(value);
}

Task<int> sum(Signal& signal) {
  const std::unique_ptr<int> first = co_await number(1, nullptr);
  const std::unique_ptr<int> second = co_await number(2, &signal);
  co_return *first + *second;
}

Detached note_sum(Signal& signal, std::optional<int>& result) {
  result = co_await sum(signal);
}

Detached wait_often(Signal& signal, int& woken) {
  for (;;) {
    co_await signal;
    ++woken;
    if (woken == 3) co_return;
  }
}

}  // namespace

TEST_CASE("what is ready is there without a coroutine") {
  std::vector<int> sums;
  add_up(sums);
  CHECK(sums == std::vector<int>{0, 2, 4});
}

TEST_CASE("nested tasks stop at the signal and go on from the inside out") {
  Trace trace;
  Signal signal;
  outer(trace, signal);
  CHECK(trace == Trace{"inner waits"});
  signal.fire();
  CHECK(trace == Trace{"inner waits", "inner goes on", "~inner", "middle goes on", "~middle",
                       "outer goes on", "~outer"});
}

TEST_CASE("a signal fired before the await is not lost") {
  Trace trace;
  Signal signal;
  signal.fire();
  outer(trace, signal);
  CHECK(trace.back() == "~outer");
}

TEST_CASE("each await takes one fire; fires that nobody waited for count as one") {
  Signal signal;
  int woken = 0;
  signal.fire();
  signal.fire();
  wait_often(signal, woken);
  CHECK(woken == 1);
  signal.fire();
  CHECK(woken == 2);
  signal.fire();
  CHECK(woken == 3);
  signal.fire();  // nobody is left
  CHECK(woken == 3);
}

TEST_CASE("a signal may be fired by the coroutine that it wakes") {
  Signal signal;
  int rounds = 0;
  const auto ping = [](Signal& own, int& count) -> Detached {
    co_await own;
    ++count;
    own.fire();
    co_await own;
    ++count;
  };
  ping(signal, rounds);
  signal.fire();
  CHECK(rounds == 2);
}

TEST_CASE("many tasks that never wait need no signal") {
  int count = 0;
  run_all(count);
  CHECK(count == 10'000);
}

TEST_CASE("a task gives its caller a value, waited for or not") {
  Signal signal;
  std::optional<int> result;
  note_sum(signal, result);
  CHECK_FALSE(result);
  signal.fire();
  CHECK(result == 3);
}

TEST_CASE("a task that is never awaited never runs, and a moved one is destroyed once") {
  Trace trace;
  Signal signal;
  {
    Task<> task = inner(trace, signal);
    const Task<> moved = std::move(task);
  }
  CHECK(trace.empty());
}

}  // namespace responses_proxy
