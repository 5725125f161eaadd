#include "proxy/web_socket/session.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "core/json.h"
#include "core/json_members.h"
#include "dialects/responses/made_up_events.h"
#include "proxy/aside.h"

namespace responses_proxy {

namespace {

// Without what belongs to the handshake alone, and what would describe a body of its own.
Headers turn_headers(const Headers& handshake) {
  Headers headers;
  for (const Header& field : handshake) {
    const std::string_view name = field.name;
    const auto begins_with = [name](std::string_view prefix) {
      return equals_ignore_case(name.substr(0, prefix.size()), prefix);
    };
    const bool of_handshake = begins_with("sec-websocket-") || begins_with("content-") ||
                              field.id == FieldId::upgrade || field.id == FieldId::connection;
    if (!of_handshake) headers.add(field);
  }
  return Headers(headers);  // a copy, which has no spare room
}

PartialItems partial_items(const ClientMessage& interrupt) {
  const std::string mode = string_content(member(interrupt.members, "mode"));
  return mode == "discard_partial_items" ? PartialItems::discard : PartialItems::keep;
}

// Messages of a named lane carry its name; an upstream that knows lanes has put it there itself.
bool has_stream_id(std::string_view event) {
  const auto members = read_members(event);
  return !members || !member(*members, "stream_id").empty();
}

}  // namespace

ClientSession::ClientSession(const SocketServices& services, Request handshake,
                             std::shared_ptr<SocketWriter> writer, Run run,
                             std::shared_ptr<std::atomic<std::size_t>> open_sockets)
    : handshake_(std::move(handshake)),
      context_{services, turn_headers(handshake_.headers),
               MemoryConversations(services.dependencies.clock,
                                   socket_limits(services.config.websocket_state_bytes))},
      writer_(std::move(writer)),
      run_(std::move(run)),
      open_sockets_(std::move(open_sockets)) {
  open_sockets_->fetch_add(1, std::memory_order_relaxed);
  handshake_.headers = {};
}

bool ClientSession::on_message(std::string text) {
  if (text.size() > kLargeBody) {
    read_aside(std::move(text));
  } else {
    const std::size_t bytes = text.size();
    take(read_client_message(std::move(text)), bytes);
  }
  return reading_bytes_ == 0;
}

void ClientSession::read_aside(std::string text) {
  struct Reading {
    std::string text;
    std::optional<Result<ClientMessage>> message;
    bool done = false;  // on the loop
  };
  const std::size_t bytes = text.size();
  const auto reading = std::make_shared<Reading>(Reading{std::move(text), std::nullopt});
  aside(
      context_.helpers, context_.loop, true,
      [reading] { reading->message.emplace(read_client_message(std::move(reading->text))); },
      [reading, bytes, weak = weak_from_this()] {
        reading->done = true;
        if (const auto self = weak.lock()) self->on_read(std::move(*reading->message), bytes);
      });
  if (!reading->done) reading_bytes_ = bytes;
}

// The client may have left meanwhile.
void ClientSession::on_read(Result<ClientMessage> message, std::size_t bytes) {
  const bool was_aside = std::exchange(reading_bytes_, 0) > 0;
  if (!writer_) return;
  take(std::move(message), bytes);
  if (!was_aside) return;
  writer_->on_message_read();
  if (idle() && writer_) writer_->on_idle();
}

void ClientSession::take(Result<ClientMessage> message, std::size_t bytes) {
  if (!message) {
    // Whatever it was to be: over HTTP it would be a request, of which the headers are known.
    ClientMessage unread;
    unread.source = std::make_unique<std::string>("{}");
    unread.body.read(*unread.source);
    refuse_turn(std::make_shared<const ClientMessage>(std::move(unread)), message.error(), bytes);
  } else if (message->is_create()) {
    enqueue(std::make_shared<const ClientMessage>(std::move(*message)));
  } else {
    pass_on(*message);
  }
}

void ClientSession::enqueue(Message message) {
  if (auto error = objection_to(*message)) {
    const std::size_t bytes = message->text().size();
    return refuse_turn(std::move(message), std::move(*error), bytes);
  }
  waiting_.push_back(std::move(message));
  start_waiting();
}

std::optional<Error> ClientSession::objection_to(const ClientMessage& message) {
  if (find_or_make_lane(message.stream_id) == nullptr) {
    return Error::refused(429, "websocket_stream_limit_reached",
                          fmt::format("A connection takes at most {} streams.", kMaxLanes),
                          "stream_id");
  }
  if (waiting_.size() >= kMaxQueuedTurns) {
    return Error::refused(
        429, "websocket_queue_full",
        fmt::format("{} requests wait on this connection already.", waiting_.size()));
  }
  return too_much_with(message);
}

std::size_t ClientSession::max_held_bytes() const {
  const Config& config = context_.config;
  return config.websocket_state_bytes + kMaxMessagesHeld * config.websocket_max_message_bytes;
}

std::size_t ClientSession::held_bytes() const {
  std::size_t held = context_.conversations.stats().bytes + (writer_ ? writer_->unsent_bytes() : 0);
  held += reading_bytes_;
  for (const Message& message : waiting_) held += message->text().size();
  for (const auto& [name, lane] : lanes_) {
    if (lane.turn) held += lane.turn->held_bytes();
    if (lane.upstream) held += lane.upstream->unsent_bytes();
  }
  return held;
}

std::optional<Error> ClientSession::too_much_with(const ClientMessage& message) const {
  const std::size_t held = held_bytes();
  if (held + message.text().size() <= max_held_bytes()) return std::nullopt;
  return Error::refused(
      429, "websocket_queue_full",
      fmt::format("This connection holds {} bytes of requests, answers and conversations "
                  "here; {} more would be over its limit of {}. Send it again when a "
                  "response has ended, or on another connection.",
                  held, message.text().size(), max_held_bytes()));
}

// A turn holds what it sends beside its message. One that runs alone is never kept waiting.
bool ClientSession::has_room_to_start(const ClientMessage& message) const {
  if (active_ == 0) return true;
  std::size_t sent = message.text().size();
  const auto history = context_.conversations.peek({message.previous_response_id, {}});
  if (history) sent += history->bytes();
  return held_bytes() + sent <= max_held_bytes();
}

Lane* ClientSession::find_or_make_lane(const std::string& name) {
  if (const auto found = lanes_.find(name); found != lanes_.end()) return &found->second;
  const std::size_t named = lanes_.size() - lanes_.count({});
  if (!name.empty() && named >= kMaxLanes) return nullptr;
  Lane& lane = lanes_[name];
  lane.name = name;
  return &lane;
}

// The next of each lane, oldest first, as far as the bound on active turns allows.
void ClientSession::start_waiting() {
  for (auto next = waiting_.begin(); next != waiting_.end() && active_ < kMaxActiveTurns;) {
    Lane& lane = lanes_.at((*next)->stream_id);
    if (lane.turn) {
      ++next;
      continue;
    }
    if (!has_room_to_start(**next)) return;  // nobody overtakes it
    Message message = std::move(*next);
    waiting_.erase(next);
    start_turn(lane, std::move(message));
    next = waiting_.begin();
  }
}

Request ClientSession::turn_request(const ClientMessage& message) const {
  Request request;
  request.method = "POST";
  request.path = handshake_.path;
  request.query = handshake_.query;
  request.headers = context_.headers;
  // A turn is a request of its own, and says so where it has to.
  if (const auto trace = message.carried_headers.find("traceparent")) {
    request.headers.set("traceparent", *trace);
  }
  request.peer = handshake_.peer;
  return request;
}

void ClientSession::start_turn(Lane& lane, Message message) {
  ++active_;
  Request request = turn_request(*message);
  auto turn = std::make_shared<SocketTurn>(context_, lane, std::move(message), shared_from_this());
  lane.turn = turn;
  run_(std::move(request), std::move(turn));
}

// It has a lane of its own, so that it neither waits for the turns of the one that it names nor
// ends one of them.
void ClientSession::refuse_turn(Message message, Error error, std::size_t bytes) {
  struct Refused {
    Refused(SocketContext& context, Message refused, std::shared_ptr<TurnOwner> owner)
        : lane{refused->stream_id, nullptr, nullptr, {}},
          turn(context, lane, std::move(refused), std::move(owner)) {}
    Lane lane;
    SocketTurn turn;
  };
  Request request = turn_request(*message);
  const auto refused = std::make_shared<Refused>(context_, std::move(message), shared_from_this());
  refused->turn.refuse(std::move(error), bytes);
  run_(std::move(request), std::shared_ptr<SocketTurn>(refused, &refused->turn));
}

// Anything but a `response.create` is between the client and its upstream.
void ClientSession::pass_on(const ClientMessage& message) {
  const auto found = lanes_.find(message.stream_id);
  Lane* lane = found == lanes_.end() ? nullptr : &found->second;
  const std::string_view type = message.type;
  const bool interrupts = type == "response.interrupt";
  const bool running = lane != nullptr && lane->turn;
  if (interrupts && running && lane->turn->interrupt(partial_items(message))) return;
  if (lane != nullptr && lane->upstream && lane->upstream->alive()) {
    if (const auto error = too_much_with(message)) {
      refuse(*error, message.stream_id);
    } else {
      lane->upstream->send(message.text());
    }
  } else if (interrupts) {
    return;  // there is nothing to interrupt any more
  } else if (lane != nullptr && type == "response.steer") {
    send(*lane,
         dump({{"type", "response.steer.failed"},
               {"steer", {{"previous_response_id", message.previous_response_id}}},
               {"error",
                {{"type", "invalid_request_error"},
                 {"code", "steering_not_supported"},
                 {"message", "The upstream of this turn cannot be steered."},
                 {"param", nullptr}}}}),
         false);
  } else {
    refuse(Error::invalid_request(
               "unknown_message_type",
               fmt::format("The message type \"{}\" is not known here; requests are sent as "
                           "\"response.create\".",
                           type),
               "type"),
           message.stream_id);
  }
}

void ClientSession::refuse(const Error& error, std::string_view stream_id) {
  if (writer_) writer_->send(error_message(error.status, {}, error.to_json(), stream_id));
}

bool ClientSession::send(Lane& lane, std::string_view event, bool names_stream) {
  if (!writer_) return true;
  if (lane.name.empty() || names_stream || !event.starts_with('{')) {
    return writer_->send(event);
  }
  // The name needs no escaping: read_client_message() has checked it.
  std::string named = fmt::format("{{\"stream_id\":\"{}\"", lane.name);
  const std::size_t rest = event.find_first_not_of(" \t\r\n", 1);
  if (rest != std::string_view::npos && event[rest] != '}') named += ',';
  return writer_->send(named.append(event.substr(1)));
}

// Nobody has looked at it yet.
void ClientSession::on_unclaimed(Lane& lane, std::string_view event) {
  send(lane, event, !lane.name.empty() && has_stream_id(event));
}

void ClientSession::on_turn_ended(Lane& lane) {
  if (!lane.turn) return;
  // Not from here: the next exchange must not begin inside the end of this one.
  context_.loop.post([self = shared_from_this(), ended = std::move(lane.turn)] {
    --self->active_;
    self->start_waiting();
    if (self->idle() && self->writer_) self->writer_->on_idle();
  });
  lane.turn.reset();
}

void ClientSession::on_writable() {
  for (auto& [name, lane] : lanes_) {
    if (lane.turn) lane.turn->answer().on_writable();
  }
}

void ClientSession::on_closed() {
  writer_.reset();
  waiting_.clear();
  for (auto& [name, lane] : lanes_) {
    if (const auto turn = std::exchange(lane.turn, nullptr)) turn->answer().on_client_gone();
    lane.upstream.reset();
  }
}

}  // namespace responses_proxy
