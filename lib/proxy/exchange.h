// Exchange: one downstream request from its admission to its record.
//
// Role       The straight line is run(); read it first. It is the only place that strings the
//            phases together (lib/proxy/phases/, one file each), and the only one where an error
//            becomes an answer.
// Threads    Everything happens on one event loop.
// Ownership  Keeps itself alive until run() has returned.
#pragma once

#include <memory>

#include "core/task.h"
#include "proxy/exchange_context.h"

namespace responses_proxy {

class Exchange;

// Told when an exchange has ended, so that its loop can forget it.
class ExchangeOwner {
 public:
  virtual void on_exchange_ended(Exchange& exchange) = 0;

 protected:
  ~ExchangeOwner() = default;
};

class Exchange final : public std::enable_shared_from_this<Exchange>, private ResponseObserver {
 public:
  // `turn`: for a request that came over a client's socket, else null.
  Exchange(const Config& config, const ProxyOptions& dependencies, const ExchangeLoop& loop,
           ExchangeOwner& owner, Request&& request, std::shared_ptr<ResponseWriter> writer,
           std::shared_ptr<ClientTurn> turn = nullptr);

  Detached run();
  // The process is going down: ends the answer as well as it can.
  void shut_down();

 private:
  // ResponseObserver
  void on_writable() override;
  void on_closed() override;
  void stop();

  const std::shared_ptr<ExchangeContext> context_;
  ExchangeOwner& owner_;
};

}  // namespace responses_proxy
