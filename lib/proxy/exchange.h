// Exchange: one downstream request from admission to record.
//
// The straight line is run() in exchange.cpp; read it first. exchange_body.cpp,
// exchange_affinity.cpp, exchange_failover.cpp and exchange_answer.cpp hold parts of its phases.
// Everything here happens
// on one event loop. The exchange keeps itself alive until run() has returned.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/task.h"
#include "proxy/attempt.h"
#include "proxy/client_turn.h"
#include "proxy/downstream.h"
#include "proxy/record_mask.h"
#include "proxy/retry_table.h"
#include "responses_proxy/config.h"
#include "responses_proxy/dependencies.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/helper_threads.h"
#include "route/endpoint.h"
#include "route/request_facts.h"

namespace responses_proxy {

class Exchange;

// Told when an exchange has ended, so that its loop can forget it.
class ExchangeOwner {
 public:
  virtual void on_exchange_ended(Exchange& exchange) = 0;

 protected:
  ~ExchangeOwner() = default;
};

// Where an exchange runs.
struct ExchangeLoop {
  EventLoop& loop;
  UpstreamClient& upstream;
  HelperThreads& helpers;
  ExchangeOwner& owner;
  RoutingCache& routing;
  KnownSecrets& secrets;
};

class Exchange final : public std::enable_shared_from_this<Exchange>,
                       private ResponseObserver,
                       private AttemptObserver {
 public:
  // Tries at resources that do not know an id nobody remembers: they cost the provider nothing and
  // do not count against PROXY_MAX_ATTEMPTS.
  static constexpr std::size_t kMaxNotFoundTries = 16;
  // How long an upstream may keep its connection open behind the terminal event of a stream before
  // it is cut. One that ends in time (all do that are well) is used again; a client that reads to
  // the end of the stream waits no longer than this.
  static constexpr Millis kMaxLinger{200};

  // `turn`: for a request that came over a client's socket, else null.
  Exchange(const Config& config, const Dependencies& dependencies, ExchangeLoop loop,
           Request request, std::shared_ptr<ResponseWriter> writer,
           std::shared_ptr<ClientTurn> turn = nullptr);

  Detached run();
  // The process is going down: ends the answer as well as it can.
  void shut_down();

  // Working on a larger body takes too long for an event loop.
  static constexpr std::size_t kLargeBody = 256 * 1024;

 private:
  // The phases, in order. Those that return an Error leave nothing sent in either direction.
  std::optional<Error> admit();
  Task read_body(std::optional<Error>& error);
  std::optional<Error> route();
  Task find_affinity();
  Task send_until_answered();
  Task stream();
  Task record();

  // Parts of send_until_answered.
  std::optional<Lease> pick(Error& out);
  std::optional<Error> translate_and_send(Lease lease);
  Task hold_back();
  bool worth_holding() const;
  std::size_t attempts_left() const;
  NextStep next(const UpstreamFault& fault) const;
  bool id_unknown(const UpstreamFault& fault) const;

  // Work that would keep the loop from its other connections; nothing else of this exchange
  // happens meanwhile, but that its client may leave.
  Task aside(bool large, std::function<void()> work);
  std::optional<Error> decode_and_read();
  void release_body();

  // Parts of the other phases.
  void mask_facts();
  Task look_up(AffinityKey key, std::string& resource_id);
  Task look_up_items();
  Task find_preference();
  void remember(const AffinityKey& key);
  void remember_continued();
  Task look_up_durable();
  bool outdated(std::string_view resource_id) const;
  void remember_session();
  void remember_answer();
  AnswerSink& answer_sink();
  void note_end();
  void forward_kept();
  void give_kept();
  bool answer_over() const { return (attempt_->ended() && remembering_ == 0) || lingered_; }
  // The client has the end of a stream: what it or the upstream does now changes nothing.
  bool end_delivered() const { return end_forwarded_ && !downstream_.full(); }
  void start_answer();
  void tell_soonest_return(Headers& headers) const;
  void end_answer();
  void end_truncated(std::string_view message);
  void refuse(const Error& error);
  Error no_answer_error() const;
  void close_attempt();
  bool interrupted() const { return downstream_.gone() || shutting_down_; }
  bool pinned() const;
  bool nobody_remembers() const;
  Task drop_encrypted_items(bool& dropped);
  void judge_attempt(const UpstreamFault& fault);
  std::chrono::microseconds elapsed() const;

  // ResponseObserver
  void on_writable() override;
  void on_closed() override;
  // AttemptObserver
  void on_progress() override { progress_.fire(); }
  void on_giving() override { downstream_.gather(); }
  bool on_given() override;
  // AnswerSink: of the attempt, once its answer is the one that goes to the client
  void event(const AnswerEvent& event) override;
  void bytes(std::string_view bytes) override;

  const Config& config_;
  const Dependencies& dependencies_;
  ExchangeLoop loop_;
  Request request_;
  BodyCapture capture_;
  const RecordMask mask_;
  const std::shared_ptr<ClientTurn> turn_;
  Downstream downstream_;

  const SteadyTime arrived_;
  RequestRecord record_;
  RequestFacts facts_;
  Endpoint endpoint_{EndpointKind::response_subpath, {}};
  std::optional<Route> route_;
  const Dialect* dialect_ = nullptr;  // of the current attempt
  std::string required_;              // resource of the response affinity
  std::string preferred_;             // resource of the session affinity, or of a response that
                                      // is only compared with
  SelectionReason preferred_reason_ = SelectionReason::session_affinity;
  std::vector<std::string> tried_;    // resources not to be tried again
  std::size_t attempts_ = 0;          // sent so far
  std::size_t not_found_tries_ = 0;   // those of them that do not count
  std::string translated_body_;       // what went up in its place; empty: the client's own did
  std::unique_ptr<Attempt> attempt_;  // the current one
  std::size_t remembering_ = 0;       // ids of the answer that other replicas cannot see yet
  std::size_t items_remembered_ = 0;  // of the ids of output items
  HeldAnswer kept_;                   // the end of the answer, until they can
  std::string response_id_;           // of the answer, as the upstream wrote it
  std::string conversation_id_;       // the same

  Signal progress_;                  // fired by every callback; what happened stands in the fields
  std::unique_ptr<Timer> patience_;  // with an answer that is held, or a stream that lingers
  bool hold_expired_ = false;
  bool end_forwarded_ = false;  // the terminal event of a stream
  bool lingered_ = false;       // the upstream has not ended its connection in time after it
  bool encrypted_items_dropped_ = false;
  bool shutting_down_ = false;
};

}  // namespace responses_proxy
