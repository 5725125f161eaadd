// BlockingWriter: the answer of the library for a server that gives each request a thread.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "responses_proxy/event_loop.h"
#include "responses_proxy/response_writer.h"

namespace example {

using namespace responses_proxy;

// Carries the answer from the library's event loop to the thread that waits for it.
class BlockingWriter final : public ResponseWriter,
                             public std::enable_shared_from_this<BlockingWriter> {
 public:
  explicit BlockingWriter(EventLoops& loops) : loops_(loops) {}

  // The library's side, on one event loop.
  void observe(ResponseObserver* observer) override {
    const std::scoped_lock lock(mutex_);
    observer_ = observer;
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      if (loops_.at(i).on_this_thread()) loop_ = &loops_.at(i);
    }
  }
  void start(ResponseHead head) override {
    const std::scoped_lock lock(mutex_);
    head_ = std::move(head);
    changed_.notify_all();
  }
  bool write(std::string_view bytes) override {
    const std::scoped_lock lock(mutex_);
    pending_.append(bytes);
    changed_.notify_all();
    full_ = pending_.size() > kHighWater;
    return !full_;
  }
  void finish() override { end(true); }
  void abort() override { end(false); }

  // The server's side, on its own thread.
  ResponseHead wait_for_head() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return head_ || ended_; });
    return head_.value_or(ResponseHead{502, {}, {}});
  }
  enum class Next { bytes, end, broken };
  Next wait_for_bytes(std::string& bytes) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !pending_.empty() || ended_; });
    bytes = std::exchange(pending_, {});
    if (std::exchange(full_, false)) notify(&ResponseObserver::on_writable);
    if (!bytes.empty()) return Next::bytes;
    return complete_ ? Next::end : Next::broken;
  }
  void client_left() {
    const std::scoped_lock lock(mutex_);
    if (!ended_) notify(&ResponseObserver::on_closed);
  }

 private:
  static constexpr std::size_t kHighWater = 64 * 1024;

  void end(bool complete) {
    const std::scoped_lock lock(mutex_);
    observer_ = nullptr;
    ended_ = true;
    complete_ = complete;
    changed_.notify_all();
  }
  // The observer belongs to the event loop: call it there, if there still is one then.
  void notify(void (ResponseObserver::*what)()) {
    loop_->post([self = shared_from_this(), what] {
      ResponseObserver* observer = nullptr;
      {
        const std::scoped_lock lock(self->mutex_);
        observer = self->observer_;
      }
      if (observer != nullptr) (observer->*what)();
    });
  }

  EventLoops& loops_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  EventLoop* loop_ = nullptr;
  ResponseObserver* observer_ = nullptr;
  std::optional<ResponseHead> head_;
  std::string pending_;
  bool full_ = false;
  bool ended_ = false;
  bool complete_ = false;
};

}  // namespace example
