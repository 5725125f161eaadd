#include "redis/async_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace responses_proxy {

AsyncConnection::AsyncConnection(EventLoop& loop, RedisOptions options, Millis budget,
                                 Random& random, OnChange on_change)
    : loop_(loop),
      options_(std::move(options)),
      budget_(budget),
      random_(random),
      on_change_(std::move(on_change)),
      alive_(std::make_shared<AsyncConnection*>(this)) {}

AsyncConnection::~AsyncConnection() {
  if (session_) session_->abandon();
}

void AsyncConnection::start() {
  loop_.post([alive = std::weak_ptr(alive_)] {
    if (const auto self = alive.lock()) (*self)->connect();
  });
}

void AsyncConnection::connect() {
  const RedisSessionLimits limits{budget_, kConnectTimeout, std::max(kGiveUp, 4 * budget_),
                                  kMaxWaiting, kMaxQueuedBytes};
  session_ = std::make_shared<RedisSession>(loop_, options_, limits,
                                            static_cast<RedisSessionOwner&>(*this));
  session_->start();
}

void AsyncConnection::send(std::span<const std::string_view> command, Patience patience,
                           Answer answer) {
  if (connected() && session_->send(command, patience == Patience::budget, answer)) return;
  if (answer) answer(nullptr);
}

void AsyncConnection::logged_in() {
  next_pause_ = kFirstPause;
  connected_.store(true, std::memory_order_relaxed);
  prompt_.store(true, std::memory_order_relaxed);
  report("");
}

// Back after a pause that doubles, plus up to a quarter of it: replicas do not come back as one.
void AsyncConnection::lost(const std::string& problem) {
  connected_.store(false, std::memory_order_relaxed);
  prompt_.store(false, std::memory_order_relaxed);
  session_.reset();
  const auto jitter = static_cast<Millis::rep>(
      random_.next() % static_cast<std::uint64_t>(next_pause_.count() / 4 + 1));
  reconnect_ = loop_.timers().after(next_pause_ + Millis(jitter), [this] { connect(); });
  next_pause_ = std::min(next_pause_ * 2, kLongestPause);
  report(problem);
}

void AsyncConnection::late(bool first_time) {
  if (first_time) timeouts_.fetch_add(1, std::memory_order_relaxed);
  late_until_ = loop_.timers().now() + kLateFor;
  if (!prompt_.exchange(false, std::memory_order_relaxed)) return;
  report(fmt::format("no answer within {} ms", budget_.count()));
  probe();
}

void AsyncConnection::in_time() {
  if (prompt() || !connected() || loop_.timers().now() < late_until_) return;
  prompt_.store(true, std::memory_order_relaxed);
  report("");
}

// Nobody else may be asking while Redis is late.
void AsyncConnection::probe() {
  if (!connected() || prompt()) return;
  if (session_->idle()) send({"PING"}, Patience::connection, {});
  next_probe_ = loop_.timers().after(kProbeEvery, [this] { probe(); });
}

void AsyncConnection::report(const std::string& problem) {
  if (problem == problem_) return;
  problem_ = problem;
  if (on_change_) on_change_(problem);
}

}  // namespace responses_proxy
