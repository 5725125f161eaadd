#include "proxy/web_socket/socket_turn.h"

#include <fmt/format.h>

#include <utility>

#include "core/input_items.h"
#include "core/response_id.h"
#include "dialects/headers.h"
#include "proxy/phases/translate.h"
#include "proxy/web_socket/made_up_events.h"
#include "proxy/web_socket/turn_transfer.h"

namespace responses_proxy {

SocketTurn::SocketTurn(SocketContext& context, Lane& lane, ClientMessage message,
                       std::shared_ptr<TurnOwner> owner)
    : context_(context),
      lane_(lane),
      message_(std::move(message)),
      owner_(std::move(owner)),
      answer_(context, lane, message_.previous_response_id, owner_) {}

SocketTurn::~SocketTurn() = default;

std::shared_ptr<const History> SocketTurn::remembered() {
  const std::string& previous = message_.previous_response_id;
  if (!previous.empty()) {
    context_.conversations.find({previous, {}}, [this](auto found) {
      if (found) history_ = std::move(*found);
    });
  }
  return history_;
}

std::optional<Error> SocketTurn::prepare(const Lease& lease, const Dialect& dialect,
                                         Request& request) {
  const Resource& resource = lease.resource();
  resource_id_ = resource.id;
  state_ = &lease.state();
  model_ = lease.model();
  dialect_ = &dialect;
  request.headers = context_.headers;
  const bool by_socket = !interrupted_ && context_.sockets != nullptr && resource.websocket &&
                         dialect.socket() != nullptr && !state_->websocket_refused();
  if (!by_socket) {
    transport_ = answered_here() ? Transport::none : Transport::http;
    auto body = http_message();
    if (!body) return body.error();
    request.body = std::move(*body);
    add_http_headers(request.headers);
  } else {
    transport_ = Transport::socket;
    if (!upstream_usable()) lane_.upstream.reset();
    request.body = socket_message();
  }
  request_bytes_ = request.body.size();
  return std::nullopt;
}

std::size_t SocketTurn::held_bytes() const {
  return message_.text().size() + history_bytes() + (answer_.begun() ? 0 : request_bytes_) +
         (transfer_ != nullptr ? transfer_->held_bytes() : 0);
}

// Of what the socket does not remember by itself any more.
std::size_t SocketTurn::history_bytes() const {
  const bool counted =
      !history_ || context_.conversations.peek({history_->latest().id, {}}) == history_;
  return counted ? 0 : history_->bytes();
}

bool SocketTurn::upstream_usable() const {
  return lane_.upstream && lane_.upstream->alive() &&
         lane_.upstream->resource_id() == resource_id_ &&
         context_.dependencies.clock.steady() - lane_.upstream->opened_at() <
             TurnTransfer::kMaxUpstreamAge;
}

std::string SocketTurn::socket_message() const {
  const std::string& previous = message_.previous_response_id;
  if (in_conversation()) return with_history(message_, history_->items(), model_);
  if (previous.empty() ||
      (lane_.upstream != nullptr && lane_.upstream->latest_response() == previous)) {
    return named(message_, model_);
  }
  return history_ ? with_history(message_, history_->items(), model_) : named(message_, model_);
}

Result<std::string> SocketTurn::http_message() const {
  std::optional<std::string> history;
  // Of an upstream that keeps no responses it goes up beside the request.
  if (history_ && dialect_->keeps_responses()) history = history_->items();
  // A stored response is known behind HTTP as well.
  const bool known = message_.previous_response_id.empty() || history_ || message_.store;
  if (known) return http_body(message_, history, model_);
  return previous_response_not_found(message_.previous_response_id);
}

void SocketTurn::add_http_headers(Headers& headers) const {
  for (const Header& field : message_.carried_headers) headers.set(field.name, field.value);
  headers.set("content-type", "application/json");
  headers.set("accept", std::string(kEventStream));
  headers.erase("content-encoding");  // the body is our own
}

bool SocketTurn::drop_encrypted_items() {
  if (!message_.previous_response_id.empty() && !history_) return false;
  const std::string whole =
      history_ ? with_history(message_, history_->items(), {}) : message_.text();
  auto text = dialect_->without_encrypted_items(whole, context_.dependencies.seal);
  if (!text) return false;
  auto message = read_client_message(std::move(*text));
  if (!message) return false;
  // Only that is added to the conversation of a turn that is one's.
  if (in_conversation()) {
    added_to_ = history_;
    added_input_ = own_input();
  }
  message_ = std::move(*message);
  history_.reset();
  return true;
}

std::unique_ptr<UpstreamTransfer> SocketTurn::start(UpstreamRequest request, TurnHandler& handler) {
  // The client may have interrupted it while it was translated.
  if (interrupted_) transport_ = Transport::none;
  auto transfer = std::make_unique<TurnTransfer>(*this, std::move(request), handler);
  transfer_ = transfer.get();
  transfer->start(transport_);
  return transfer;
}

void SocketTurn::connect(const UpstreamRequest& request) {
  UpstreamSocketRequest handshake;
  handshake.url = request.url;
  handshake.headers = request.headers;
  handshake.connect_timeout = request.timeouts.connect;
  lane_.upstream = std::make_unique<LaneUpstream>(
      *context_.sockets, std::move(handshake), resource_id_, context_.dependencies.clock.steady(),
      [owner = std::weak_ptr<TurnOwner>(owner_), &lane = lane_](std::string_view event) {
        if (const auto alive = owner.lock()) alive->on_unclaimed(lane, event);
      });
}

void SocketTurn::remember_refusal() {
  state_->set_websocket_refused();
}

std::string SocketTurn::new_response_id() const {
  return responses_proxy::new_response_id(context_.dependencies.random);
}

std::vector<std::string> SocketTurn::own_events(const AnswerFacts& facts) const {
  const WallTime now = context_.dependencies.clock.wall();
  if (!interrupted_) return warm_up_events(message_, new_response_id(), now);
  const bool begun = !facts.response_id.empty();
  return interrupted_events(begun ? facts.response_id : new_response_id(),
                            begun ? facts.next_sequence_number : 0, now);
}

// Before it is sent, or while it moves to another resource: the next attempt is answered here.
void SocketTurn::interrupt() {
  if (transfer_ != nullptr && transfer_->on_socket()) return;
  interrupted_ = true;
  if (transfer_ != nullptr) transfer_->interrupt();
}

// The client's next message may follow at once.
std::shared_ptr<const History> SocketTurn::answered(const StoredResponse& response) {
  if (response.id.empty()) return nullptr;
  if (transport_ == Transport::socket && lane_.upstream) {
    lane_.upstream->set_latest_response(response.id);
  }
  const std::string before = std::exchange(lane_.latest_response, {});
  std::shared_ptr<const History> history = response.whole ? history_with(response) : nullptr;
  if (history) {
    context_.conversations.keep({}, history, {});
    lane_.latest_response = response.id;
  }
  // As upstreams do, only the latest response of each lane is remembered.
  if (before != lane_.latest_response) context_.conversations.forget({before, {}});
  return history;
}

// Null: what it continues is not known here.
std::shared_ptr<const History> SocketTurn::history_with(const StoredResponse& response) const {
  const std::string& previous = message_.previous_response_id;
  if (!previous.empty() && !history_) return nullptr;
  if (added_to_) {
    return std::make_shared<const History>(
        StoredTurn{response.id, previous, added_input_, response.output, message_.store},
        added_to_);
  }
  return std::make_shared<const History>(
      StoredTurn{response.id, previous, own_input(), response.output, message_.store}, history_);
}

std::string SocketTurn::own_input() const {
  return input_items(input());
}

}  // namespace responses_proxy
