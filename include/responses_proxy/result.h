// Result<T>: a value or an Error; how the library reports failure instead of throwing.
#pragma once

#include <utility>
#include <variant>

#include "responses_proxy/error.h"
#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: same

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Only if ok().
  T& value() & { return *std::get_if<0>(&state_); }
  const T& value() const& { return *std::get_if<0>(&state_); }
  T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Only if not ok().
  Error& error() { return *std::get_if<1>(&state_); }
  const Error& error() const { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace responses_proxy
