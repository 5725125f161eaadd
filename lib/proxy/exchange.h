// Exchange: one downstream request from admission to record.
//
// The straight line is run() in exchange.cpp; read it first. Everything here happens on one event
// loop. The exchange keeps itself alive until run() has returned.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/task.h"
#include "proxy/attempt.h"
#include "responses_proxy/config.h"
#include "responses_proxy/dependencies.h"
#include "responses_proxy/response_writer.h"
#include "route/request_facts.h"

namespace responses_proxy {

// What an exchange is told when it has ended, so that its loop can forget it.
class Exchange;
class ExchangeOwner {
 public:
  virtual void on_exchange_ended(Exchange& exchange) = 0;

 protected:
  ~ExchangeOwner() = default;
};

class Exchange final : public std::enable_shared_from_this<Exchange>,
                       private ResponseObserver,
                       private AttemptObserver {
 public:
  Exchange(const Config& config, const Dependencies& dependencies, UpstreamClient& upstream,
           ExchangeOwner& owner, Request request, std::shared_ptr<ResponseWriter> writer);

  Detached run();
  // The process is going down: ends the answer as well as it can.
  void shut_down();

 private:
  // The phases, in order. Those that return an Error leave nothing sent in either direction.
  std::optional<Error> admit();
  std::optional<Error> route();
  Task find_affinity();
  Task send_until_answered();
  std::optional<Lease> pick(Error& out);
  std::optional<Error> adapt_and_send(Lease lease);
  Task stream();
  void record();

  // Parts of the phases.
  bool authorized() const;
  Task look_up(AffinityKey key, std::string& resource_id);
  void remember_session(const Lease& lease);
  void remember_answer();
  bool moves_on();
  bool interrupted() const { return client_gone_ || shutting_down_; }
  void start_answer();
  void forward(std::string_view bytes);
  void end_answer();
  void end_truncated(std::string_view message);
  void refuse(const Error& error);
  Error no_answer_error() const;
  void judge(Attempt& attempt);
  void close_attempt();
  std::chrono::microseconds elapsed() const;

  // ResponseObserver
  void on_writable() override;
  void on_closed() override;
  // AttemptObserver
  void on_begun() override { progress_.fire(); }
  bool on_answer_bytes(std::string_view bytes) override;
  void on_ended() override { progress_.fire(); }

  const Config& config_;
  const Dependencies& dependencies_;
  UpstreamClient& upstream_;
  ExchangeOwner& owner_;
  Request request_;
  std::shared_ptr<ResponseWriter> writer_;

  const SteadyTime arrived_;
  RequestRecord record_;
  RequestFacts facts_;
  EndpointKind endpoint_ = EndpointKind::response_subpath;
  std::optional<Route> route_;
  std::string required_;   // resource of the response affinity
  std::string preferred_;  // resource of the session affinity
  std::vector<std::string> tried_;
  std::string sent_body_;             // what the adapter made of the body; empty: the client's own
  std::unique_ptr<Attempt> attempt_;  // the current one
  const ProviderAdapter* adapter_ = nullptr;  // of the current attempt
  std::unique_ptr<AnswerReader> reader_;

  Signal progress_;         // fired by every callback; what happened stands in the fields
  bool committed_ = false;  // the answer's head has left for the client
  bool writer_full_ = false;
  bool client_gone_ = false;
  bool shutting_down_ = false;
};

}  // namespace responses_proxy
