// What a turn of a socket works with, all of it in the test's hands: an upstream socket and an
// upstream client that say what the test says, timers that ring when it says so.
#pragma once

#include <boost/asio/io_context.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "dialects/headers.h"
#include "fakes/fake_sockets.h"
#include "fakes/held_helpers.h"
#include "fakes/manual_clock.h"
#include "fakes/manual_timers.h"
#include "proxy/held_answer.h"
#include "proxy/web_socket/lane.h"
#include "proxy/web_socket/socket_turn.h"
#include "responses_proxy/load_balancer.h"
#include "responses_proxy/random.h"
#include "responses_proxy/state_store.h"
#include "responses_proxy/table_router.h"
#include "responses_proxy/telemetry_sink.h"

namespace responses_proxy::testing {

// Requests over HTTP: the test plays the upstream through `handler`.
class FakeClient final : public UpstreamClient {
 public:
  struct Sent {
    UpstreamRequest request;  // its body is `body`
    std::string body;
    UpstreamHandler* handler;
    bool cancelled = false;
    bool resumed = false;
  };

  std::unique_ptr<UpstreamTransfer> start(UpstreamRequest request,
                                          UpstreamHandler& handler) override {
    std::string body(request.body);
    sent.push_back({std::move(request), std::move(body), &handler});
    return std::make_unique<Transfer>(sent.back());
  }
  Sent& last() { return sent.back(); }

  std::deque<Sent> sent;

 private:
  class Transfer final : public UpstreamTransfer {
   public:
    explicit Transfer(Sent& sent) : sent_(sent) {}
    ~Transfer() override { sent_.cancelled = true; }
    void resume() override { sent_.resumed = true; }
    bool body_sent() const override { return true; }

   private:
    Sent& sent_;
  };
};

// The attempt's side of a transfer.
class FakeHandler final : public TurnHandler {
 public:
  explicit FakeHandler(std::size_t keep_output = 0)
      : translation_(std::move(
            make_responses_dialect()->translate({Request{}, {}, {}, keep_output}, {})->answer)) {}

  void on_head(int head_status, Headers head_headers) override {
    status = head_status;
    headers = head_headers;
    translation_->head(status, std::move(head_headers));
  }
  bool on_body(std::string_view bytes) override {
    body.append(bytes);
    translation_->read(bytes, answer);
    return takes_more;
  }
  bool on_message(const UpstreamMessage& message) override {
    messages.emplace_back(message.json);
    translation_->take(message, answer);
    return takes_more;
  }
  bool on_interrupted(PartialItems partial) override {
    interrupted = partial;
    return says_its_end;
  }
  void on_own_events(std::span<const std::string> events) override {
    own_events.assign(events.begin(), events.end());
  }
  void on_refused(Error error) override { refusal = std::move(error); }
  void on_end(const UpstreamResult& end) override {
    ended = true;
    result = end;
  }
  const AnswerFacts& facts() const override { return translation_->facts(); }
  std::size_t held_bytes() const override { return translation_->held_bytes(); }
  StoredResponse stored() const { return translation_->stored(); }

  int status = 0;
  Headers headers;
  std::string body;
  std::vector<std::string> messages;
  std::vector<std::string> own_events;
  std::optional<PartialItems> interrupted;
  bool says_its_end = false;
  HeldAnswer answer;
  bool ended = false;
  UpstreamResult result;
  std::optional<Error> refusal;
  bool takes_more = true;

 private:
  std::unique_ptr<Translation> translation_;
};

class FakeOwner final : public TurnOwner {
 public:
  bool send(Lane&, std::string_view event, bool) override {
    events.emplace_back(event);
    return takes_more;
  }
  void on_turn_ended(Lane& lane) override {
    ++ended;
    lane.turn.reset();
  }
  void on_unclaimed(Lane&, std::string_view event) override { unclaimed.emplace_back(event); }

  std::vector<std::string> events;
  std::vector<std::string> unclaimed;
  std::size_t ended = 0;
  bool takes_more = true;
};

// The parts; one resource "r1" that takes WebSocket.
class TurnRig {
 public:
  TurnRig() {
    resource.id = "r1";
    resource.base_url = "http://upstream/v1";
    resource.wire_api = "responses";
    router_.update({resource});
  }

  SocketServices services() {
    return {config, dependencies_, loop, timers, http, &sockets, helpers};
  }
  // Runs what was posted to the loop.
  void run_loop() {
    context_.restart();
    context_.poll();
  }
  ResourceState& state() { return lease().state(); }
  Lease lease() {
    const auto table = router_.table();
    const auto* named = table->alias("alias");
    return {table, named == nullptr ? table->all()[0] : named->front(), SelectionReason::failover};
  }
  // What "r1" calls the model from now on.
  void call_model(std::string name) {
    router_.update({resource}, {{"alias", {{.model = std::move(name)}}}});
  }

  Config config;
  Resource resource;
  ManualClock clock;
  ManualTimers timers;
  FakeClient http;
  HeldHelpers helpers;

 private:
  boost::asio::io_context context_{1};
  SeededRandom random_{1};
  std::unique_ptr<StateStore> state_ = make_memory_state_store(clock);
  TableRouter router_{*state_};
  LoadBalancer balancer_{clock, random_};
  NullTelemetrySink sink_;
  EventLoops loops_{1};
  ProxyOptions dependencies_{.clock = clock,
                             .random = random_,
                             .state = *state_,
                             .router = router_,
                             .balancer = balancer_,
                             .telemetry = sink_,
                             .loops = loops_,
                             .upstreams = {},
                             .dialects = {}};

 public:
  EventLoop loop{context_};
  FakeSockets sockets;
};

// The turns of the default lane, one after the other, and the attempts of the latest.
class OneLane {
 public:
  explicit OneLane(TurnRig& rig, Headers handshake = {})
      : rig_(rig),
        context_{rig.services(), std::move(handshake),
                 MemoryConversations(rig.clock, socket_limits(rig.config.websocket_state_bytes))} {}

  void begin(std::string message) {
    auto read = read_client_message(std::move(message));
    transfer.reset();
    handler = FakeHandler(rig_.config.websocket_state_bytes);
    turn = std::make_shared<SocketTurn>(
        context_, lane, std::make_shared<const ClientMessage>(std::move(*read)), owner);
    lane.turn = turn;
    turn->remembered();
  }

  // What the exchange does for an attempt.
  std::optional<Error> attempt() {
    Request request;
    if (auto error = prepare(request)) return error;
    send(request);
    return std::nullopt;
  }
  // In two steps.
  std::optional<Error> prepare(Request& request) {
    if (auto error = turn->prepare(rig_.lease(), *dialect_, request)) return error;
    body_ = turn->write();
    return std::nullopt;
  }
  void send(const Request& request) {
    UpstreamRequest upstream;
    upstream.method = "POST";
    upstream.url = rig_.resource.base_url + "/responses";
    upstream.headers = forwarded_request_headers(request.headers);
    upstream.headers.add("Authorization", "Bearer sk-key");
    upstream.body = body_;
    upstream.timeouts = timeouts;
    transfer.reset();
    handler = FakeHandler(rig_.config.websocket_state_bytes);
    transfer = turn->start(std::move(upstream), body_, handler);
  }

  void turn_over(const std::string& message) {
    begin(message);
    attempt();
  }

  // A whole turn over the lane's socket; what came back has also passed through the turn.
  void whole_turn(const std::string& message, const std::string& response_id) {
    turn_over(message);
    FakeConnection& connection = rig_.sockets.last();
    if (connection.sent.size() == 1) connection.open();
    connection.say(R"({"type":"response.created","response":{"id":")" + response_id + "\"}}");
    connection.say(R"({"type":"response.completed","response":{"id":")" + response_id +
                   R"(","output":[{"said":1}]}})");
    answer();
  }

  // Hands the client what the handler has got, as the exchange does.
  void answer() {
    turn->answer().start({handler.status, handler.headers, std::nullopt});
    pass_on();
    turn->answer().finish();
  }

  // Begins an answer that does not come over a transfer, and brings some of it. Whether the client
  // takes more.
  void begin_stream() {
    handler.on_head(200, {{"content-type", "text/event-stream"}});
    turn->answer().start({200, handler.headers, std::nullopt});
  }
  bool stream(const std::string& bytes) {
    handler.on_body(bytes);
    return pass_on();
  }

  MemoryConversations& conversations() { return context_.conversations; }
  // The items behind that response; "unknown" if there is no conversation.
  std::string items(std::string_view response_id) {
    const auto history = conversations().peek({response_id, {}});
    return history ? history->items() : "unknown";
  }

  UpstreamTimeouts timeouts{Millis(10'000), Millis(0), Millis(0), Millis(600'000)};
  std::shared_ptr<FakeOwner> owner = std::make_shared<FakeOwner>();
  Lane lane;
  std::shared_ptr<SocketTurn> turn;
  FakeHandler handler;
  std::unique_ptr<UpstreamTransfer> transfer;

 private:
  struct Exchange final : AnswerSink {
    explicit Exchange(OneLane& lane) : lane_(lane) {}
    void event(const AnswerEvent& event) override {
      if (event.state == AnswerState::completed || event.state == AnswerState::incomplete) {
        lane_.turn->answered(lane_.handler.stored(), [](const auto&) {});
      }
      if (!event.json.empty()) more = lane_.turn->answer().event(event) && more;
    }
    void bytes(std::string_view bytes) override { lane_.turn->answer().write(bytes); }
    OneLane& lane_;
    bool more = true;
  };

  bool pass_on() {
    Exchange exchange(*this);
    handler.answer.give_to(exchange);
    return exchange.more;
  }

  TurnRig& rig_;
  const std::unique_ptr<Dialect> dialect_ = make_responses_dialect();
  SocketContext context_;
  std::string body_;
};

}  // namespace responses_proxy::testing
