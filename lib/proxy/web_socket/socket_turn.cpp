#include "proxy/web_socket/socket_turn.h"

#include <fmt/format.h>

#include <utility>

#include "dialects/responses/request_body.h"
#include "proxy/web_socket/made_up_events.h"
#include "proxy/web_socket/turn_transfer.h"

namespace responses_proxy {

namespace {

constexpr const char* kEventStream = "text/event-stream";

}  // namespace

SocketTurn::SocketTurn(SocketContext& context, Lane& lane, ClientMessage message,
                       std::shared_ptr<TurnOwner> owner)
    : context_(context),
      lane_(lane),
      message_(std::move(message)),
      owner_(std::move(owner)),
      answer_(context, lane, message_.previous_response_id, owner_) {
  const std::string& previous = message_.previous_response_id;
  if (previous.empty() || context_.transcripts.is_latest(lane_.name, previous)) return;
  if (const std::string* items = context_.transcripts.find(previous)) forked_from_ = *items;
}

SocketTurn::~SocketTurn() = default;

std::optional<std::string> SocketTurn::whole_input() const {
  std::string items;
  if (forked_from_) {
    items = *forked_from_;
  } else if (!message_.previous_response_id.empty()) {
    const std::string* known = context_.transcripts.find(message_.previous_response_id);
    if (known == nullptr) return std::nullopt;
    items = *known;
  }
  append_items(items, input_items(message_));
  return items;
}

bool SocketTurn::movable() const {
  return message_.previous_response_id.empty() || forked_from_ ||
         context_.transcripts.find(message_.previous_response_id) != nullptr;
}

bool SocketTurn::is_warm_up() const {
  return !message_.generate;
}

std::optional<Error> SocketTurn::prepare(const Lease& lease, const Dialect& dialect,
                                         Request& request) {
  const Resource& resource = lease.resource();
  resource_id_ = resource.id;
  state_ = &lease.state();
  model_ = lease.model();
  dialect_ = &dialect;
  request.headers = context_.headers;
  const bool by_socket = context_.sockets != nullptr && resource.websocket &&
                         dialect.socket() != nullptr && !state_->websocket_refused();
  if (!by_socket) {
    transport_ = is_warm_up() ? Transport::none : Transport::http;
    if (transport_ == Transport::none) return std::nullopt;
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
  return message_.text().size() + (forked_from_ ? forked_from_->size() : 0) +
         (answer_.begun() ? 0 : request_bytes_) +
         (transfer_ != nullptr ? transfer_->held_bytes() : 0);
}

bool SocketTurn::upstream_usable() const {
  return lane_.upstream && lane_.upstream->alive() &&
         lane_.upstream->resource_id() == resource_id_ &&
         context_.dependencies.clock.steady() - lane_.upstream->opened_at() <
             TurnTransfer::kMaxUpstreamAge;
}

std::string SocketTurn::socket_message() const {
  const std::string& previous = message_.previous_response_id;
  if (previous.empty() ||
      (lane_.upstream != nullptr && lane_.upstream->latest_response() == previous)) {
    return named(message_.text());
  }
  const auto items = whole_input();
  return named(items ? with_full_input(message_, *items) : message_.text());
}

std::string SocketTurn::named(std::string message) const {
  return model_.empty() ? message : with_model(message, model_);
}

Result<std::string> SocketTurn::http_message() const {
  const bool continues = !message_.previous_response_id.empty();
  const auto items = continues ? whole_input() : std::nullopt;
  // A stored response is known behind HTTP as well.
  if (!continues || items || message_.store) return named(http_body(message_, items));
  return Error::invalid_request(
      "previous_response_not_found",
      fmt::format("Previous response with id '{}' not found.", message_.previous_response_id),
      "previous_response_id");
}

void SocketTurn::add_http_headers(Headers& headers) const {
  for (const Header& field : message_.carried_headers) headers.set(field.name, field.value);
  headers.set("content-type", "application/json");
  headers.set("accept", kEventStream);
  headers.erase("content-encoding");  // the body is our own
}

bool SocketTurn::drop_encrypted_items() {
  const auto items = whole_input();
  if (!items) return false;
  auto text = dialect_->without_encrypted_items(with_full_input(message_, *items));
  if (!text) return false;
  auto message = read_client_message(std::move(*text));
  if (!message) return false;
  message_ = std::move(*message);
  forked_from_.reset();
  return true;
}

std::unique_ptr<UpstreamTransfer> SocketTurn::start(UpstreamRequest request, TurnHandler& handler) {
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
  Random& random = context_.dependencies.random;
  return fmt::format("resp_{:016x}{:016x}", random.next(), random.next());
}

std::vector<std::string> SocketTurn::warm_up() const {
  return warm_up_events(message_, new_response_id(), context_.dependencies.clock.wall());
}

std::vector<std::string> SocketTurn::interrupted(const AnswerFacts& facts) const {
  const bool begun = !facts.response_id.empty();
  return interrupted_events(begun ? facts.response_id : new_response_id(),
                            begun ? facts.next_sequence_number : 0,
                            context_.dependencies.clock.wall());
}

void SocketTurn::interrupt() {
  if (transfer_ != nullptr) transfer_->interrupt();
}

// The client's next message may follow at once.
void SocketTurn::answered(const StoredResponse& response) {
  if (response.id.empty()) return;
  if (transport_ == Transport::socket && lane_.upstream) {
    lane_.upstream->set_latest_response(response.id);
  }
  std::string items = input_items(message_);
  append_items(items, response.output);
  Transcripts& transcripts = context_.transcripts;
  if (!response.whole) {
    transcripts.forget(lane_.name);
  } else if (message_.previous_response_id.empty()) {
    transcripts.start(lane_.name, response.id, std::move(items));
  } else if (forked_from_) {
    std::string whole = std::move(*forked_from_);
    append_items(whole, items);
    transcripts.start(lane_.name, response.id, std::move(whole));
  } else if (transcripts.is_latest(lane_.name, message_.previous_response_id)) {
    transcripts.extend(lane_.name, response.id, items);
  } else {
    transcripts.forget(lane_.name);
  }
}

}  // namespace responses_proxy
