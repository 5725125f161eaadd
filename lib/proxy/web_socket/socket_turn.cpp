#include "proxy/web_socket/socket_turn.h"

#include <fmt/format.h>

#include <utility>

#include "core/input_items.h"
#include "core/json_members.h"
#include "core/response_id.h"
#include "dialects/headers.h"
#include "dialects/responses/made_up_events.h"
#include "proxy/aside.h"
#include "proxy/phases/translate.h"
#include "proxy/web_socket/turn_transfer.h"
#include "route/request_facts.h"

namespace responses_proxy {

namespace {

// What a response repeats of its request: all but the input, which may be large.
std::string echoed(const JsonMembers& request) {
  JsonMembers members = request;
  std::erase_if(members, [](const JsonMember& member) { return member.key == "input"; });
  return join_members(members);
}

}  // namespace

SocketTurn::SocketTurn(SocketContext& context, Lane& lane,
                       std::shared_ptr<const ClientMessage> message,
                       std::shared_ptr<TurnOwner> owner)
    : context_(context),
      lane_(lane),
      message_(std::move(message)),
      bytes_(message_->text().size()),
      owner_(std::move(owner)),
      answer_(context, lane, message_->previous_response_id, owner_) {}

SocketTurn::~SocketTurn() = default;

void SocketTurn::refuse(Error error, std::size_t bytes) {
  refusal_ = std::move(error);
  bytes_ = bytes;
}

std::shared_ptr<const History> SocketTurn::remembered() {
  const std::string& previous = message_->previous_response_id;
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
    auto text = http_text();
    if (!text) return text.error();
    text_ = std::move(*text);
    add_http_headers(request.headers);
  } else {
    transport_ = Transport::socket;
    if (!upstream_usable()) lane_.upstream.reset();
    text_ = socket_text();
  }
  written_bytes_ = text_.size();
  return std::nullopt;
}

std::size_t SocketTurn::held_bytes() const {
  return message_->text().size() + history_bytes() + (answer_.begun() ? 0 : written_bytes_) +
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

TurnText SocketTurn::socket_text() const {
  using Form = TurnText::Form;
  const std::string& previous = message_->previous_response_id;
  const bool known_there =
      lane_.upstream != nullptr && lane_.upstream->latest_response() == previous;
  // A conversation is known to no upstream.
  const bool whole = history_ != nullptr && (in_conversation() || !known_there);
  return {whole ? Form::whole : Form::message, message_, whole ? history_ : nullptr, model_};
}

Result<TurnText> SocketTurn::http_text() const {
  // A stored response is known behind HTTP as well.
  const std::string& previous = message_->previous_response_id;
  const bool known = previous.empty() || history_ || message_->store;
  if (!known) return previous_response_not_found(previous);
  // For an upstream that keeps no responses it goes up beside the request.
  return TurnText(TurnText::Form::http, message_, dialect_->keeps_responses() ? history_ : nullptr,
                  model_);
}

void SocketTurn::add_http_headers(Headers& headers) const {
  for (const Header& field : message_->carried_headers) headers.set(field.name, field.value);
  headers.set("content-type", "application/json");
  headers.set("accept", std::string(kEventStream));
  headers.erase("content-encoding");  // the body is our own
}

Task<bool> SocketTurn::drop_encrypted_items(ExchangeContext& exchange) {
  if (!message_->previous_response_id.empty() && !history_) co_return false;
  const auto form = history_ ? TurnText::Form::whole : TurnText::Form::message;
  const TurnText whole(form, message_, history_, {});
  std::shared_ptr<const ClientMessage> changed;
  co_await aside(exchange, whole.size() > kLargeBody, [this, &whole, &changed] {
    auto text = dialect_->without_encrypted_items(whole.write(), context_.dependencies.seal);
    if (!text) return;
    auto message = read_client_message(std::move(*text));
    if (message) changed = std::make_shared<const ClientMessage>(std::move(*message));
  });
  if (!changed) co_return false;
  // Only that is added to the conversation of a turn that is one's.
  if (in_conversation()) {
    added_to_ = history_;
    added_input_ = input_items(input());
  }
  message_ = std::move(changed);
  history_.reset();
  co_return true;
}

std::unique_ptr<UpstreamTransfer> SocketTurn::start(UpstreamRequest request, std::string& body,
                                                    TurnHandler& handler) {
  // The client may have interrupted it while it was translated.
  if (interrupted_) transport_ = Transport::none;
  auto transfer = std::make_unique<TurnTransfer>(*this, std::move(request), handler);
  transfer_ = transfer.get();
  transfer->start(transport_, body);
  written_bytes_ = body.size();  // none, if it is on its way
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
  const std::string request = echoed(message_->members);
  if (!interrupted_) return warm_up_events(request, new_response_id(), now);
  const bool begun = !facts.response_id.empty();
  return interrupted_events(request, begun ? facts.response_id : new_response_id(),
                            begun ? facts.next_sequence_number : 0, now);
}

// Before it is sent, or while it moves to another resource: the next attempt is answered here.
bool SocketTurn::interrupt(PartialItems partial) {
  if (transfer_ != nullptr && transfer_->sent_on_socket()) return false;
  interrupted_ = partial;
  if (transfer_ != nullptr) transfer_->interrupt();
  return true;
}

// The client's next message may follow at once.
void SocketTurn::answered(StoredResponse response, Answered then) {
  if (response.id.empty()) return then(nullptr);
  if (transport_ == Transport::socket && lane_.upstream) {
    lane_.upstream->set_latest_response(response.id);
  }
  const std::string& previous = message_->previous_response_id;
  if (!response.whole || (!previous.empty() && !history_)) {
    remember(nullptr);
    return then(nullptr);
  }
  const auto made = std::make_shared<std::shared_ptr<const History>>();
  aside(
      context_.helpers, context_.loop, message_->text().size() > kLargeBody,
      [made, message = message_, history = added_to_ ? added_to_ : history_,
       input = added_to_ ? std::optional(added_input_) : std::nullopt,
       response = std::move(response)]() mutable {
        if (!input) input = input_items(member(message->members, "input"));
        *made = std::make_shared<const History>(
            StoredTurn{std::move(response.id), message->previous_response_id, std::move(*input),
                       std::move(response.output), message->store},
            std::move(history));
      },
      [made, self = shared_from_this(), then = std::move(then)] {
        self->remember(*made);
        then(std::move(*made));
      });
}

// Null: nothing of the answer can be continued.
void SocketTurn::remember(const std::shared_ptr<const History>& history) {
  const std::string before = std::exchange(lane_.latest_response, {});
  if (history) {
    context_.conversations.keep({}, history, {});
    lane_.latest_response = history->latest().id;
  }
  // As upstreams do, only the latest response of each lane is remembered.
  if (before != lane_.latest_response) context_.conversations.forget({before, {}});
}

void SocketTurn::put_input(std::string_view items) {
  auto changed = read_client_message(with_input(*message_, items));
  if (changed) message_ = std::make_shared<const ClientMessage>(std::move(*changed));
}

void SocketTurn::release() {
  const bool large = message_->text().size() > kLargeBody;
  text_ = {};
  if (large) context_.helpers.run([unused = std::move(message_)] {});
}

}  // namespace responses_proxy
