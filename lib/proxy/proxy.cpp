#include "responses_proxy/proxy.h"

#include <fmt/format.h>

#include <atomic>
#include <stdexcept>
#include <unordered_set>
#include <utility>

#include "core/loop_tasks.h"
#include "proxy/exchange.h"
#include "proxy/token_gate.h"
#include "proxy/web_socket/session.h"
#include "responses_proxy/conversations.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/helper_threads.h"
#include "responses_proxy/kept_conversations.h"
#include "responses_proxy/kept_responses.h"
#include "responses_proxy/text_seal.h"
#include "route/endpoint.h"

namespace responses_proxy {

namespace {

// The exchanges of one event loop. Used on that loop only, but for start() and shut_down_all().
class LoopExchanges final : public ExchangeOwner {
 public:
  LoopExchanges(const Config& config, const ProxyOptions& dependencies, EventLoop& loop,
                UpstreamClient& upstream, UpstreamSockets* sockets, HelperThreads& helpers,
                BackgroundRuns& background, std::atomic<std::size_t>& active,
                std::shared_ptr<std::atomic<std::size_t>> open_sockets)
      : config_(config),
        dependencies_(dependencies),
        loop_(loop),
        upstream_(upstream),
        sockets_(sockets),
        helpers_(helpers),
        background_(background),
        active_(active),
        open_sockets_(std::move(open_sockets)),
        routing_(dependencies.router),
        secrets_(config, routing_) {}

  bool on_this_thread() const { return loop_.on_this_thread(); }

  void run(Request&& request, std::shared_ptr<ResponseWriter> writer,
           std::shared_ptr<ClientTurn> turn = nullptr) {
    auto exchange = std::make_shared<Exchange>(
        config_, dependencies_,
        ExchangeLoop{loop_, upstream_, helpers_, routing_, secrets_, background_},
        static_cast<ExchangeOwner&>(*this), std::move(request), std::move(writer), std::move(turn));
    running_.insert(exchange.get());
    exchange->run();
  }

  void post(Request&& request, std::shared_ptr<ResponseWriter> writer) {
    auto shared = std::make_shared<Request>(std::move(request));
    tasks_.post([this, shared, writer = std::move(writer)] { run(std::move(*shared), writer); });
  }

  std::shared_ptr<SocketSession> open_socket(Request handshake,
                                             std::shared_ptr<SocketWriter> writer) {
    return std::make_shared<ClientSession>(
        SocketServices{config_, dependencies_, loop_, loop_.timers(), upstream_, sockets_,
                       helpers_},
        std::move(handshake), std::move(writer),
        [this](Request request, const std::shared_ptr<SocketTurn>& turn) {
          active_.fetch_add(1, std::memory_order_relaxed);
          run(std::move(request), std::shared_ptr<ResponseWriter>(turn, &turn->answer()), turn);
        },
        open_sockets_);
  }

  void shut_down_all() {
    tasks_.post([this] {
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
  const ProxyOptions& dependencies_;
  EventLoop& loop_;
  UpstreamClient& upstream_;
  UpstreamSockets* sockets_;  // may be null
  HelperThreads& helpers_;
  BackgroundRuns& background_;
  std::atomic<std::size_t>& active_;
  const std::shared_ptr<std::atomic<std::size_t>> open_sockets_;
  RoutingCache routing_;
  KnownSecrets secrets_;
  std::unordered_set<Exchange*> running_;
  LoopTasks tasks_{loop_};
};

}  // namespace

class Proxy::Impl {
 public:
  Impl(const Config& config, ProxyOptions options)
      : config_(config),
        own_gate_(config_.client_tokens),
        own_conversations_(make_memory_conversations(options.clock)),
        own_kept_responses_(make_memory_kept_responses(options.clock)),
        own_kept_conversations_(make_memory_kept_conversations(options.clock)),
        own_seal_(make_text_seal(config_.secret_encryption_keys)),
        dependencies_(completed(std::move(options))),
        own_helpers_(dependencies_.helpers == nullptr ? make_helper_threads() : nullptr) {
    HelperThreads* const given = dependencies_.helpers;
    HelperThreads& helpers = given != nullptr ? *given : *own_helpers_;
    for (std::size_t i = 0; i < dependencies_.loops.size(); ++i) {
      loops_.push_back(std::make_unique<LoopExchanges>(
          config_, dependencies_, dependencies_.loops.at(i), *dependencies_.upstreams.at(i),
          sockets(i), helpers, background_, active_, open_sockets_));
    }
  }

  void handle(Request&& request, std::shared_ptr<ResponseWriter> writer) {
    request.path = served_path(request.path);
    active_.fetch_add(1, std::memory_order_relaxed);
    for (const auto& loop : loops_) {
      if (loop->on_this_thread()) return loop->run(std::move(request), std::move(writer));
    }
    const std::size_t turn = next_.fetch_add(1, std::memory_order_relaxed) % loops_.size();
    loops_[turn]->post(std::move(request), std::move(writer));
  }

  bool accepts_socket(const Request& handshake) const {
    return config_.websocket_enabled && served_path(handshake.path) == "/v1/responses" &&
           dependencies_.gate->admit(handshake).ok();
  }

  std::shared_ptr<SocketSession> open_socket(Request handshake,
                                             std::shared_ptr<SocketWriter> writer) {
    handshake.path = served_path(handshake.path);
    for (const auto& loop : loops_) {
      if (loop->on_this_thread()) {
        return loop->open_socket(std::move(handshake), std::move(writer));
      }
    }
    throw std::logic_error("Proxy::open_socket must be called on one of its event loops");
  }

  std::size_t active() const { return active_.load(std::memory_order_relaxed); }
  std::size_t open_sockets() const { return open_sockets_->load(std::memory_order_relaxed); }
  void cancel_all() {
    for (const auto& loop : loops_) loop->shut_down_all();
  }

 private:
  // Throws what Proxy's constructor does.
  ProxyOptions completed(ProxyOptions options) {
    std::size_t given = 0;
    while (given < options.upstreams.size() && options.upstreams[given] != nullptr) ++given;
    if (given < options.loops.size()) {
      throw std::invalid_argument(
          fmt::format("ProxyOptions::upstreams: {} for {} event loops; each needs one of its own",
                      given, options.loops.size()));
    }
    if (options.gate == nullptr) options.gate = &own_gate_;
    if (options.conversations == nullptr) options.conversations = own_conversations_.get();
    if (options.kept_responses == nullptr) options.kept_responses = own_kept_responses_.get();
    if (options.kept_conversations == nullptr) {
      options.kept_conversations = own_kept_conversations_.get();
    }
    if (options.seal == nullptr) options.seal = own_seal_.get();
    return options;
  }

  UpstreamSockets* sockets(std::size_t loop) const {
    return loop < dependencies_.upstream_sockets.size() ? dependencies_.upstream_sockets[loop]
                                                        : nullptr;
  }

  const Config config_;
  // Used if the host has given none.
  TokenGate own_gate_;
  const std::unique_ptr<Conversations> own_conversations_;
  const std::unique_ptr<KeptResponses> own_kept_responses_;
  const std::unique_ptr<KeptConversations> own_kept_conversations_;
  const std::unique_ptr<TextSeal> own_seal_;
  const ProxyOptions dependencies_;
  BackgroundRuns background_;
  std::atomic<std::size_t> active_{0};
  const std::shared_ptr<std::atomic<std::size_t>> open_sockets_ =
      std::make_shared<std::atomic<std::size_t>>(0);
  std::atomic<std::size_t> next_{0};
  std::vector<std::unique_ptr<LoopExchanges>> loops_;
  const std::unique_ptr<HelperThreads> own_helpers_;  // null if the host has given some
};

Proxy::Proxy(const Config& config, ProxyOptions options)
    : impl_(std::make_unique<Impl>(config, std::move(options))) {}
Proxy::~Proxy() = default;

void Proxy::handle(Request request, std::shared_ptr<ResponseWriter> writer) {
  impl_->handle(std::move(request), std::move(writer));
}
bool Proxy::accepts_socket(const Request& handshake) const {
  return impl_->accepts_socket(handshake);
}
std::shared_ptr<SocketSession> Proxy::open_socket(Request handshake,
                                                  std::shared_ptr<SocketWriter> writer) {
  return impl_->open_socket(std::move(handshake), std::move(writer));
}
std::size_t Proxy::active_exchanges() const {
  return impl_->active();
}
std::size_t Proxy::open_sockets() const {
  return impl_->open_sockets();
}
void Proxy::cancel_all() {
  impl_->cancel_all();
}

}  // namespace responses_proxy
