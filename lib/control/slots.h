// Slots: at most so many at once of something that holds a server thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace responses_proxy::control {

class Slots {
 public:
  explicit Slots(std::size_t count) : free_(std::make_shared<std::atomic<std::ptrdiff_t>>(count)) {}

  // Null when all are taken; the slot is free again when the last copy is gone.
  std::shared_ptr<void> take() {
    if (free_->fetch_sub(1) <= 0) {
      free_->fetch_add(1);
      return nullptr;
    }
    return {free_.get(), [free = free_](void*) { free->fetch_add(1); }};
  }

 private:
  std::shared_ptr<std::atomic<std::ptrdiff_t>> free_;
};

}  // namespace responses_proxy::control
