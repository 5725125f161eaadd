// Coroutines for code that waits on an event loop and still reads top to bottom.
//
//   Detached   starts at once, owns itself, ends silently: the outermost function.
//   Task<T>    starts when awaited, gives its caller a T (or nothing) when done: a phase of it.
//   Signal     what a callback fires and a coroutine awaits.
//
// Threads    All of one coroutine runs on one thread; nothing here is synchronised.
// Errors     Coroutines here do not let exceptions out: one that escapes ends the program, as it
//            would in a thread function.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace responses_proxy {

struct Detached {
  // NOLINTBEGIN(readability-convert-member-functions-to-static): names the language asks for
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  // NOLINTEND(readability-convert-member-functions-to-static)
};

// What a Task hands to whoever awaits it, and how it gets back there.
struct TaskPromise {
  std::coroutine_handle<> caller;

  struct ResumeCaller {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
      return self.promise().caller;
    }
    void await_resume() noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  ResumeCaller final_suspend() noexcept { return {}; }
  void unhandled_exception() { std::terminate(); }
};

// What comes of it.
template <class T>
struct TaskValue {
  std::optional<T> value;

  T take() { return std::move(*value); }
};

template <>
struct TaskValue<void> {
  void take() {}
};

template <class T>
struct ValuePromise : TaskPromise, TaskValue<T> {
  void return_value(T given) { this->value.emplace(std::move(given)); }
};

template <>
struct ValuePromise<void> : TaskPromise, TaskValue<void> {
  void return_void() {}
};

template <class T = void>
class [[nodiscard]] Task {
 public:
  struct promise_type : ValuePromise<T> {
    Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
  };

  // Done already: see ready().
  explicit Task(TaskValue<T> value) : ready_(std::move(value)) {}
  Task(Task&& other) noexcept
      : handle_(std::exchange(other.handle_, {})), ready_(std::move(other.ready_)) {}
  Task& operator=(Task&&) = delete;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return !handle_; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
    handle_.promise().caller = caller;
    return handle_;
  }
  T await_resume() { return handle_ ? handle_.promise().take() : ready_.take(); }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
  [[no_unique_address]] TaskValue<T> ready_;
};

// For a function that mostly has nothing to wait for: it costs no coroutine then. What it returns
// otherwise is the Task of another one.
template <class T>
Task<T> ready(T value) {
  return Task<T>(TaskValue<T>{std::move(value)});
}
inline Task<> ready() {
  return Task<>(TaskValue<void>());
}

// Fired any number of times, awaited by one coroutine at a time. A fire that nobody waits for is
// remembered until the next await.
class Signal {
 public:
  void fire() {
    fired_ = true;
    if (waiter_) std::exchange(waiter_, {}).resume();
  }

  bool await_ready() const noexcept { return fired_; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept { waiter_ = waiter; }
  void await_resume() noexcept { fired_ = false; }

 private:
  bool fired_ = false;
  std::coroutine_handle<> waiter_;
};

}  // namespace responses_proxy
