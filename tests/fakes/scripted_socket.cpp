#include "fakes/scripted_socket.h"

#include <algorithm>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <utility>

namespace responses_proxy::testing {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

ScriptedSocket::ScriptedSocket(asio::ip::tcp::socket socket, std::size_t number,
                               SocketScript script, SocketOwner& owner)
    : stream_(std::move(socket)),
      number_(number),
      script_(std::move(script)),
      owner_(owner),
      conversation_(number) {
  websocket::permessage_deflate deflate;
  deflate.server_enable = true;  // if the client offers it
  stream_.set_option(deflate);
  stream_.auto_fragment(false);
  stream_.read_message_max(0);
  stream_.control_callback([this](websocket::frame_type frame, boost::beast::string_view) {
    owner_.on_control(frame);
    if (frame == websocket::frame_type::close) note_close_frame();
  });
}

void ScriptedSocket::start(Handshake handshake) {
  handshake_ = std::move(handshake);
  Lane& lane = lanes_[""];
  for (SocketStep& step : script_.before_handshake) lane.push_back({std::move(step)});
  lane.push_back({{}, [this] { script_.refusal ? refuse(*script_.refusal) : accept(); }});
  pump();
}

void ScriptedSocket::pump() {
  if (ended_ || busy_) return;
  for (auto& [name, lane] : lanes_) {
    if (run_next(lane)) return;
  }
}

// Whether there was something to do.
bool ScriptedSocket::run_next(Lane& lane) {
  while (!lane.empty()) {
    const SocketStep& step = lane.front().step;
    if (!lane.front().action) {
      if (step.kind == SocketStep::Kind::stall) return false;
      if (step.kind == SocketStep::Kind::gate) {
        if (!owner_.gate_open(step.text)) return false;
        lane.pop_front();
        continue;
      }
    }
    current_ = std::move(lane.front());
    lane.pop_front();
    busy_ = true;
    run(current_);
    return true;
  }
  return false;
}

void ScriptedSocket::run(const Queued& queued) {
  if (queued.action) return queued.action();
  run_step(queued.step);
}

void ScriptedSocket::run_step(const SocketStep& step) {
  switch (step.kind) {
    case SocketStep::Kind::text:
      return send(step.text, step.times);
    case SocketStep::Kind::fragments:
      return send_fragments(step.text, 0, std::max<std::size_t>(1, step.text.size() / step.times));
    case SocketStep::Kind::binary:
      stream_.binary(true);
      return stream_.async_write(
          asio::buffer(step.text),
          [done = step_done()](const error_code& error, std::size_t) { done(error); });
    case SocketStep::Kind::raw:
      return asio::async_write(
          stream_.next_layer(), asio::buffer(step.text),
          [done = step_done()](const error_code& error, std::size_t) { done(error); });
    case SocketStep::Kind::ping:
      return stream_.async_ping(websocket::ping_data(step.text), step_done());
    case SocketStep::Kind::close:
      if (!open_) return end(1006, "");
      closing_ = true;
      return stream_.async_close({websocket::close_code(step.code), step.text},
                                 [self = shared_from_this()](const error_code&) {
                                   const std::uint16_t code = self->stream_.reason().code;
                                   self->end(code == 0 ? 1006 : code, "");
                                 });
    case SocketStep::Kind::reset: {
      error_code ignored;
      stream_.next_layer().set_option(asio::socket_base::linger(true, 0), ignored);
      return end(1006, "");
    }
    case SocketStep::Kind::gate:
    case SocketStep::Kind::stall:
      break;  // see run_next
  }
}

void ScriptedSocket::send(const std::string& text, std::size_t times) {
  stream_.text(true);
  stream_.async_write(asio::buffer(text), [self = shared_from_this(), &text, times](
                                              const error_code& error, std::size_t bytes) {
    self->owner_.on_sent(bytes);
    if (error || times <= 1 || self->ended_) return self->step_done()(error);
    self->send(text, times - 1);
  });
}

void ScriptedSocket::send_fragments(const std::string& text, std::size_t from, std::size_t size) {
  stream_.text(true);
  const std::size_t to = std::min(text.size(), from + size);
  stream_.async_write_some(
      to == text.size(), asio::buffer(text.data() + from, to - from),
      [self = shared_from_this(), &text, to, size](const error_code& error, std::size_t bytes) {
        self->owner_.on_sent(bytes);
        if (error || to == text.size()) return self->step_done()(error);
        self->send_fragments(text, to, size);
      });
}

void ScriptedSocket::accept() {
  stream_.async_accept(handshake_, [self = shared_from_this()](const error_code& error) {
    if (error) return self->end(1006, "");
    self->open_ = true;
    self->owner_.on_opened();
    for (SocketStep& step : self->script_.on_open) self->lanes_[""].push_back({std::move(step)});
    if (!self->script_.deaf) self->read();
    self->step_done()(error);
  });
}

void ScriptedSocket::refuse(const Reply& reply) {
  auto response = std::make_shared<http::response<http::string_body>>();
  response->version(11);
  response->result(static_cast<unsigned>(reply.status));
  for (const Header& field : reply.headers) response->insert(field.name, field.value);
  response->body() = reply.body;
  response->keep_alive(false);
  if (!reply.headers.find("Content-Length")) response->prepare_payload();
  http::async_write(stream_.next_layer(), *response,
                    [self = shared_from_this(), response](const error_code&, std::size_t) {
                      self->end(1006, "");
                    });
}

void ScriptedSocket::read() {
  stream_.async_read(buffer_, [self = shared_from_this()](const error_code& error, std::size_t) {
    self->on_read(error);
  });
}

void ScriptedSocket::on_read(const error_code& error) {
  if (ended_) return;
  if (error == websocket::error::closed) return;                    // see on_close_frame
  if (closing_ && error == asio::error::operation_aborted) return;  // its end is the socket's
  if (error) return end(1006, error.message());
  const SocketMessage message{number_, ++received_, stream_.got_binary(),
                              boost::beast::buffers_to_string(buffer_.cdata())};
  buffer_.clear();
  buffer_.shrink_to_fit();
  owner_.on_message(message);

  SocketSteps steps;
  const bool scripted = received_ <= script_.answers.size() && script_.answers[received_ - 1];
  if (scripted) {
    steps = std::move(*script_.answers[received_ - 1]);
  } else {
    steps = conversation_.answer(message, [this] { return owner_.next_turn(number_); });
  }
  conversation_.learn(message, steps);
  Lane& lane = lanes_[ResponsesConversation::lane_of(message)];
  if (ResponsesConversation::ends_lane(message) && !scripted) lane.clear();
  for (SocketStep& step : steps) lane.push_back({std::move(step)});
  read();
  pump();
}

ScriptedSocket::Done ScriptedSocket::step_done() {
  return [self = shared_from_this()](const error_code& error) {
    self->busy_ = false;
    if (!error) return self->pump();
    // The read says how it ended; a socket that does not read has no other word.
    if (self->script_.deaf || !self->open_) self->end(1006, error.message());
  };
}

// Noted before Beast has answered it and the client has closed the connection: it need not.
void ScriptedSocket::note_close_frame() {
  const auto reason = stream_.reason();
  const bool has_code = reason.code != websocket::close_code::none;
  note_end(has_code ? reason.code : 1005, std::string(reason.reason.data(), reason.reason.size()));
}

void ScriptedSocket::note_end(std::uint16_t code, const std::string& reason) {
  if (!std::exchange(end_noted_, true)) owner_.on_ended(number_, open_, code, reason);
}

void ScriptedSocket::end(std::uint16_t code, const std::string& reason) {
  if (std::exchange(ended_, true)) return;
  error_code ignored;
  stream_.next_layer().close(ignored);
  lanes_.clear();
  note_end(code, reason);
}

}  // namespace responses_proxy::testing
