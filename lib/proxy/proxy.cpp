#include "responses_proxy/proxy.h"

#include <atomic>
#include <unordered_set>
#include <utility>

#include "proxy/exchange.h"
#include "responses_proxy/event_loop.h"

namespace responses_proxy {

namespace {

// The exchanges of one event loop. Used on that loop only, but for start() and shut_down_all().
class LoopExchanges final : public ExchangeOwner {
 public:
  LoopExchanges(const Config& config, const Dependencies& dependencies, EventLoop& loop,
                UpstreamClient& upstream, std::atomic<std::size_t>& active)
      : config_(config),
        dependencies_(dependencies),
        loop_(loop),
        upstream_(upstream),
        active_(active) {}

  bool on_this_thread() const { return loop_.on_this_thread(); }

  void run(Request request, std::shared_ptr<ResponseWriter> writer) {
    auto exchange =
        std::make_shared<Exchange>(config_, dependencies_, ExchangeLoop{loop_, upstream_, *this},
                                   std::move(request), std::move(writer));
    running_.insert(exchange.get());
    exchange->run();
  }

  void post(Request request, std::shared_ptr<ResponseWriter> writer) {
    auto shared = std::make_shared<Request>(std::move(request));
    loop_.post([this, shared, writer = std::move(writer)]() mutable {
      run(std::move(*shared), std::move(writer));
    });
  }

  void shut_down_all() {
    loop_.post([this] {
      const std::unordered_set<Exchange*> running = running_;  // shut_down() changes running_
      for (Exchange* exchange : running) exchange->shut_down();
    });
  }

 private:
  void on_exchange_ended(Exchange& exchange) override {
    running_.erase(&exchange);
    active_.fetch_sub(1, std::memory_order_relaxed);
  }

  const Config& config_;
  const Dependencies& dependencies_;
  EventLoop& loop_;
  UpstreamClient& upstream_;
  std::atomic<std::size_t>& active_;
  std::unordered_set<Exchange*> running_;
};

}  // namespace

class Proxy::Impl {
 public:
  Impl(const Config& config, Dependencies dependencies)
      : config_(config), dependencies_(std::move(dependencies)) {
    for (std::size_t i = 0; i < dependencies_.loops.size(); ++i) {
      loops_.push_back(std::make_unique<LoopExchanges>(config_, dependencies_,
                                                       dependencies_.loops.at(i),
                                                       *dependencies_.upstreams.at(i), active_));
    }
  }

  void handle(Request request, std::shared_ptr<ResponseWriter> writer) {
    active_.fetch_add(1, std::memory_order_relaxed);
    for (const auto& loop : loops_) {
      if (loop->on_this_thread()) return loop->run(std::move(request), std::move(writer));
    }
    const std::size_t turn = next_.fetch_add(1, std::memory_order_relaxed) % loops_.size();
    loops_[turn]->post(std::move(request), std::move(writer));
  }

  std::size_t active() const { return active_.load(std::memory_order_relaxed); }
  void cancel_all() {
    for (const auto& loop : loops_) loop->shut_down_all();
  }

 private:
  const Config config_;
  const Dependencies dependencies_;
  std::atomic<std::size_t> active_{0};
  std::atomic<std::size_t> next_{0};
  std::vector<std::unique_ptr<LoopExchanges>> loops_;
};

Proxy::Proxy(const Config& config, Dependencies dependencies)
    : impl_(std::make_unique<Impl>(config, std::move(dependencies))) {}
Proxy::~Proxy() = default;

void Proxy::handle(Request request, std::shared_ptr<ResponseWriter> writer) {
  impl_->handle(std::move(request), std::move(writer));
}
std::size_t Proxy::active_exchanges() const {
  return impl_->active();
}
void Proxy::cancel_all() {
  impl_->cancel_all();
}

}  // namespace responses_proxy
