// A client on an event loop of its own, and calls that a test can wait for.
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

#include "fakes/manual_clock.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/upstream_client.h"

namespace responses_proxy::testing {

// The client that the tests of HTTP are about: they are one suite for both, and built twice.
#ifdef RP_TEST_CURL
inline constexpr UpstreamHttp kClientUnderTest = UpstreamHttp::curl;
#else
inline constexpr UpstreamHttp kClientUnderTest = UpstreamHttp::native;
#endif

class LoopClient {
 public:
  explicit LoopClient(UpstreamClientOptions options = {}, UpstreamHttp http = kClientUnderTest)
      : client_(make_upstream_client(loops_.at(0), clock, with(std::move(options), http))) {
    loops_.start();
  }
  ~LoopClient() { loops_.stop(); }
  LoopClient(const LoopClient&) = delete;
  LoopClient& operator=(const LoopClient&) = delete;

  // Runs it on the loop, and returns when it is done.
  void run(const std::function<void()>& task) {
    std::promise<void> done;
    loops_.at(0).post([&] {
      task();
      done.set_value();
    });
    done.get_future().get();
  }
  EventLoop& loop() { return loops_.at(0); }
  UpstreamClient& client() { return *client_; }

  ManualClock clock;  // of the client's own deadlines

 private:
  static UpstreamClientOptions with(UpstreamClientOptions options, UpstreamHttp http) {
    options.http = http;
    return options;
  }

  EventLoops loops_{1};
  std::unique_ptr<UpstreamClient> client_;
};

// One request; keeps what its handler was told. Its transfer lives until let_go().
class Call final : public UpstreamHandler {
 public:
  static constexpr std::chrono::seconds kPatience{30};

  Call(LoopClient& loop, UpstreamRequest request) : loop_(loop), request_(std::move(request)) {}
  ~Call() {
    loop_.run([this] { let_go(); });
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // What to do inside the callbacks, on the loop. `body` returns what on_body shall return.
  std::function<void()> in_head;
  std::function<bool(std::string_view)> in_body;
  std::function<void()> in_end;

  // From the test's thread.
  void start() {
    loop_.run([this] { start_here(); });
  }
  bool wait_for_head() {
    return wait([this] { return status_ != 0; });
  }
  bool wait_for_body(std::size_t bytes) {
    return wait([this, bytes] { return body_.size() >= bytes; });
  }
  bool wait_for_end() {
    return wait([this] { return result_.has_value(); });
  }
  bool ended() const {
    const std::scoped_lock lock(mutex_);
    return result_.has_value();
  }
  int status() const {
    const std::scoped_lock lock(mutex_);
    return status_;
  }
  Headers headers() const {
    const std::scoped_lock lock(mutex_);
    return headers_;
  }
  std::string body() const {
    const std::scoped_lock lock(mutex_);
    return body_;
  }
  std::size_t body_size() const {
    const std::scoped_lock lock(mutex_);
    return body_.size();
  }
  UpstreamResult result() const {
    const std::scoped_lock lock(mutex_);
    return result_.value_or(UpstreamResult{});
  }
  int heads() const {
    const std::scoped_lock lock(mutex_);
    return heads_;
  }
  bool body_sent() {
    bool sent = false;
    loop_.run([&] { sent = body_sent_here(); });
    return sent;
  }

  // On the loop.
  void start_here() { transfer_ = loop_.client().start(request_, *this); }
  void let_go() { transfer_.reset(); }
  bool body_sent_here() const { return transfer_->body_sent(); }
  void resume() {
    if (transfer_) transfer_->resume();
  }

 private:
  bool wait(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, condition);
  }
  void on_head(int status, Headers headers) override {
    {
      const std::scoped_lock lock(mutex_);
      ++heads_;
      status_ = status;
      headers_ = std::move(headers);
      changed_.notify_all();
    }
    if (in_head) in_head();
  }
  bool on_body(std::string_view bytes) override {
    {
      const std::scoped_lock lock(mutex_);
      body_.append(bytes);
      changed_.notify_all();
    }
    return !in_body || in_body(bytes);
  }
  void on_end(const UpstreamResult& result) override {
    if (in_end) in_end();
    const std::scoped_lock lock(mutex_);
    result_ = result;
    changed_.notify_all();
  }

  LoopClient& loop_;
  const UpstreamRequest request_;
  std::unique_ptr<UpstreamTransfer> transfer_;
  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  int heads_ = 0;
  int status_ = 0;
  Headers headers_;
  std::string body_;
  std::optional<UpstreamResult> result_;
};

}  // namespace responses_proxy::testing
