#include "proxy/web_socket/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/json.h"
#include "core/json_members.h"
#include "proxy/web_socket/made_up_events.h"

namespace responses_proxy {

namespace {

// What belongs to the handshake alone.
Headers turn_headers(const Headers& handshake) {
  Headers headers;
  for (const Header& field : handshake) {
    constexpr std::string_view kPrefix = "sec-websocket-";
    const std::string_view name = field.name;
    const bool of_handshake = equals_ignore_case(name.substr(0, kPrefix.size()), kPrefix) ||
                              equals_ignore_case(name, "upgrade") ||
                              equals_ignore_case(name, "connection");
    if (!of_handshake) headers.add(field.name, field.value);
  }
  return headers;
}

Error limit_error(std::string code, std::string message) {
  return {429, "invalid_request_error", std::move(code), std::move(message), "stream_id", {}};
}

// Events of a named lane carry its name; an upstream that knows lanes has put it there itself.
bool has_stream_id(std::string_view event) {
  if (event.find("\"stream_id\"") == std::string_view::npos) return false;
  std::string text(event);
  const auto members = read_members(text);
  return !members || !member(*members, "stream_id").empty();
}

}  // namespace

ClientSession::ClientSession(const Config& config, const Dependencies& dependencies,
                             EventLoop& loop, UpstreamClient& http, UpstreamSockets* sockets,
                             Request handshake, std::shared_ptr<SocketWriter> writer, Run run,
                             std::shared_ptr<std::atomic<std::size_t>> open_sockets)
    : handshake_(std::move(handshake)),
      context_{config,
               dependencies,
               loop,
               http,
               sockets,
               turn_headers(handshake_.headers),
               Transcripts(config.websocket_state_bytes)},
      writer_(std::move(writer)),
      run_(std::move(run)),
      open_sockets_(std::move(open_sockets)) {
  open_sockets_->fetch_add(1, std::memory_order_relaxed);
}

void ClientSession::on_message(std::string text) {
  auto message = read_client_message(std::move(text));
  if (!message) {
    refuse(message.error(), {});
  } else if (message->is_create()) {
    enqueue(std::move(*message));
  } else {
    pass_on(std::move(*message));
  }
}

void ClientSession::enqueue(ClientMessage message) {
  if (find_or_make_lane(message.stream_id) == nullptr) {
    refuse(limit_error("websocket_stream_limit_reached",
                       fmt::format("A connection takes at most {} streams.", kMaxLanes)),
           message.stream_id);
    return;
  }
  if (waiting_.size() >= kMaxQueuedTurns ||
      waiting_bytes_ + message.text.size() > kMaxQueuedBytes) {
    refuse(
        limit_error("websocket_queue_full",
                    fmt::format("{} requests wait on this connection already.", waiting_.size())),
        message.stream_id);
    return;
  }
  waiting_bytes_ += message.text.size();
  waiting_.push_back(std::move(message));
  start_waiting();
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
    Lane& lane = lanes_.at(next->stream_id);
    if (lane.turn) {
      ++next;
      continue;
    }
    ClientMessage message = std::move(*next);
    waiting_.erase(next);
    waiting_bytes_ -= message.text.size();
    start_turn(lane, std::move(message));
    next = waiting_.begin();
  }
}

void ClientSession::start_turn(Lane& lane, ClientMessage message) {
  Request request;
  request.method = "POST";
  request.path = handshake_.path;
  request.query = handshake_.query;
  request.headers = context_.headers;
  request.body = message.text;
  request.peer = handshake_.peer;
  ++active_;
  auto turn = std::make_shared<SocketTurn>(context_, lane, std::move(message), shared_from_this());
  lane.turn = turn;
  run_(std::move(request), std::move(turn));
}

// Anything but a `response.create` is between the client and its upstream.
void ClientSession::pass_on(ClientMessage message) {
  const auto found = lanes_.find(message.stream_id);
  Lane* lane = found == lanes_.end() ? nullptr : &found->second;
  const std::string_view type = message.type;
  if (lane != nullptr && lane->upstream && lane->upstream->alive()) {
    lane->upstream->send(std::move(message.text));
  } else if (type == "response.interrupt") {
    if (lane != nullptr && lane->turn) lane->turn->interrupt();
  } else if (lane != nullptr && type == "response.steer") {
    send(*lane, dump({{"type", "response.steer.failed"},
                      {"steer", {{"previous_response_id", message.previous_response_id}}},
                      {"error",
                       {{"type", "invalid_request_error"},
                        {"code", "steering_not_supported"},
                        {"message", "The upstream of this turn cannot be steered."},
                        {"param", nullptr}}}}));
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

bool ClientSession::send(Lane& lane, std::string_view event) {
  if (!writer_) return true;
  if (lane.name.empty() || !event.starts_with('{') || has_stream_id(event)) {
    return writer_->send(event);
  }
  // The name needs no escaping: read_client_message() has checked it.
  std::string named = fmt::format("{{\"stream_id\":\"{}\"", lane.name);
  const std::size_t rest = event.find_first_not_of(" \t\r\n", 1);
  if (rest != std::string_view::npos && event[rest] != '}') named += ',';
  return writer_->send(named.append(event.substr(1)));
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
    if (lane.turn) lane.turn->on_writable();
  }
}

void ClientSession::on_closed() {
  writer_.reset();
  waiting_.clear();
  waiting_bytes_ = 0;
  for (auto& [name, lane] : lanes_) {
    if (const auto turn = std::exchange(lane.turn, nullptr)) turn->on_client_gone();
    lane.upstream.reset();
  }
}

}  // namespace responses_proxy
