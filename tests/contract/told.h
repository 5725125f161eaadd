// The answers of stores that call back, for contracts whose backends do so within the call.
#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <utility>

#include "responses_proxy/result.h"

namespace responses_proxy::testing {

// What `ask` is told through the callback that it is given: once, and no error.
template <class Value, class Ask>
Value told(Ask&& ask) {
  std::optional<Value> answer;
  int calls = 0;
  ask([&](Result<Value> given) {
    REQUIRE(given);
    answer = std::move(*given);
    ++calls;
  });
  REQUIRE(answer);
  CHECK(calls == 1);
  return *std::move(answer);
}

}  // namespace responses_proxy::testing
