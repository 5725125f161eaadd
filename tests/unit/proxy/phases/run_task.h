// Runs a phase as far as it goes. One that still waits goes on when what it waits for happens.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "core/task.h"

namespace responses_proxy::testing {

// Empty: it still waits.
template <class T>
std::shared_ptr<std::optional<T>> run_task(Task<T> task) {
  auto result = std::make_shared<std::optional<T>>();
  [](Task<T> running, std::shared_ptr<std::optional<T>> into) -> Detached {
    into->emplace(co_await running);
  }(std::move(task), result);
  return result;
}

// Whether it has ended.
inline std::shared_ptr<bool> run_task(Task<> task) {
  auto ended = std::make_shared<bool>(false);
  [](Task<> running, std::shared_ptr<bool> into) -> Detached {
    co_await running;
    *into = true;
  }(std::move(task), ended);
  return ended;
}

}  // namespace responses_proxy::testing
