// Upstream sockets on an event loop of their own, and a handler that a test can wait for.
#pragma once

#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "responses_proxy/event_loop.h"
#include "responses_proxy/upstream_socket.h"

namespace responses_proxy::testing {

class LoopSockets {
 public:
  explicit LoopSockets(const UpstreamSocketOptions& options = {})
      : sockets_(make_upstream_sockets(loops_.at(0), clock_, options)) {
    loops_.start();
  }
  ~LoopSockets() { loops_.stop(); }
  LoopSockets(const LoopSockets&) = delete;
  LoopSockets& operator=(const LoopSockets&) = delete;

  // Runs it on the loop, and returns when it is done.
  void run(const std::function<void()>& task) {
    std::promise<void> done;
    loops_.at(0).post([&] {
      task();
      done.set_value();
    });
    done.get_future().get();
  }
  UpstreamSockets& sockets() { return *sockets_; }
  void end_sockets() { sockets_.reset(); }

 private:
  SystemClock clock_;
  EventLoops loops_{1};
  std::unique_ptr<UpstreamSockets> sockets_;
};

// One socket; keeps what its handler was told.
class SocketCall final : public UpstreamSocketHandler {
 public:
  static constexpr std::chrono::seconds kPatience{30};
  struct Close {
    std::uint16_t code = 0;
    std::string reason;
  };

  SocketCall(LoopSockets& loop, UpstreamSocketRequest request)
      : loop_(loop), request_(std::move(request)) {}
  SocketCall(LoopSockets& loop, const std::string& base_url)
      : SocketCall(loop, UpstreamSocketRequest{base_url + "/responses", {}, Millis(30'000)}) {}
  ~SocketCall() {
    loop_.run([this] { let_go(); });
  }
  SocketCall(const SocketCall&) = delete;
  SocketCall& operator=(const SocketCall&) = delete;

  // What to do inside the callbacks, on the loop.
  std::function<void()> in_open;
  std::function<void(std::string_view)> in_message;
  std::function<void()> in_close;

  // From the test's thread.
  void start() {
    loop_.run([this] {
      inside_call_ = true;
      socket_ = loop_.sockets().open(request_, *this);
      inside_call_ = false;
    });
  }
  // Opens and waits for the 101.
  bool open() {
    start();
    return wait_for_open() && opened().status == 101;
  }
  void send(std::string text) {
    loop_.run([this, &text] { here([&](UpstreamSocket& s) { s.send(std::move(text)); }); });
  }
  void pause() {
    loop_.run([this] { here([](UpstreamSocket& s) { s.pause(); }); });
  }
  void resume() {
    loop_.run([this] { here([](UpstreamSocket& s) { s.resume(); }); });
  }
  void close() {
    loop_.run([this] { here([](UpstreamSocket& s) { s.close(); }); });
  }

  bool wait_for_open() {
    return wait([this] { return opened_.has_value(); });
  }
  bool wait_for_messages(std::size_t n) {
    return wait([this, n] { return messages_.size() >= n; });
  }
  bool wait_for_close() {
    return wait([this] { return closed_.has_value(); });
  }
  UpstreamSocketOpen opened() const {
    const std::scoped_lock lock(mutex_);
    return opened_.value_or(UpstreamSocketOpen{});
  }
  std::vector<std::string> messages() const {
    const std::scoped_lock lock(mutex_);
    return messages_;
  }
  std::optional<Close> closed() const {
    const std::scoped_lock lock(mutex_);
    return closed_;
  }
  int opens() const {
    const std::scoped_lock lock(mutex_);
    return opens_;
  }
  bool called_inside_call() const {
    const std::scoped_lock lock(mutex_);
    return called_inside_call_;
  }

  // On the loop.
  void let_go() { socket_.reset(); }
  UpstreamSocket& socket() { return *socket_; }

 private:
  void here(const std::function<void(UpstreamSocket&)>& use) {
    inside_call_ = true;
    if (socket_) use(*socket_);
    inside_call_ = false;
  }
  bool wait(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, condition);
  }
  template <class Edit>
  void note(Edit&& edit) {
    const std::scoped_lock lock(mutex_);
    edit();
    called_inside_call_ = called_inside_call_ || inside_call_;
    changed_.notify_all();
  }
  // The test's hook runs before the note: what it does is done when the test has waited.
  void on_open(const UpstreamSocketOpen& result) override {
    if (in_open) in_open();
    note([&] {
      ++opens_;
      opened_ = result;
    });
  }
  void on_message(std::string_view text) override {
    const std::string kept(text);
    if (in_message) in_message(text);
    note([&] { messages_.push_back(kept); });
  }
  void on_close(std::uint16_t code, const std::string& reason) override {
    if (in_close) in_close();
    note([&] { closed_ = Close{code, reason}; });
  }

  LoopSockets& loop_;
  const UpstreamSocketRequest request_;
  std::unique_ptr<UpstreamSocket> socket_;
  bool inside_call_ = false;
  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  int opens_ = 0;
  bool called_inside_call_ = false;
  std::optional<UpstreamSocketOpen> opened_;
  std::vector<std::string> messages_;
  std::optional<Close> closed_;
};

}  // namespace responses_proxy::testing
