#include "integration/listener/socket_rig.h"

#include <utility>

namespace responses_proxy::testing {

void SocketLog::change(const std::function<void(Seen&)>& change) {
  const std::scoped_lock lock(mutex_);
  change(seen_);
  changed_.notify_all();
}

SocketLog::Seen SocketLog::seen() const {
  const std::scoped_lock lock(mutex_);
  return seen_;
}

bool SocketLog::wait_for(const std::function<bool(const Seen&)>& condition, Millis timeout) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] { return condition(seen_); });
}

bool SocketLog::wait_until_stuck() const {
  if (!wait_for([](const Seen& seen) { return seen.waits > 0; })) return false;
  std::size_t sent = 0;
  do {
    sent = seen().sent_bytes;
  } while (wait_for([&](const Seen& seen) { return seen.sent_bytes != sent; }, Millis(100)));
  return true;
}

EchoSession::~EchoSession() {
  log_.change([](SocketLog::Seen& seen) { ++seen.destroyed; });
}

bool EchoSession::on_message(std::string text) {
  log_.change([&](SocketLog::Seen& seen) {
    seen.messages.push_back(text);
    if (waiting_) ++seen.messages_in_waiting;
  });
  if (text.starts_with("flood ")) {
    flood_ = std::stoi(text.substr(6));
    flood();
  } else if (text == "busy") {
    idle_ = false;
    send(text);
  } else if (text == "done") {
    idle_ = true;
    send(text);
    writer_->on_idle();
  } else if (text == "long") {
    reading_ = true;
  } else {
    send(text);
  }
  return !reading_;
}

void EchoSession::read() {
  reading_ = false;
  if (writer_) writer_->on_message_read();
}

void EchoSession::flood() {
  const std::string text(16 * 1024, 'f');
  for (; flood_ > 0 && !waiting_; --flood_) send(text);
}

void EchoSession::send(const std::string& text) {
  waiting_ = !writer_->send(text);
  log_.change([&](SocketLog::Seen& seen) {
    seen.sent_bytes += text.size();
    if (waiting_) ++seen.waits;
  });
}

void EchoSession::on_writable() {
  waiting_ = false;
  flood();
}

void EchoSession::on_closed() {
  writer_.reset();
  log_.change([](SocketLog::Seen& seen) { ++seen.closed; });
}

SocketRig::SocketRig(SocketLimits limits, SocketLog* log) : log_(log != nullptr ? log : &own_log_) {
  ListenerHandlers handlers;
  handlers.serve = [](std::size_t, const Request& request,
                      const std::shared_ptr<ResponseWriter>& writer) {
    ResponseHead head;
    head.status = request.path == "/v1/responses" ? 426 : 200;
    writer->start(std::move(head));
    writer->finish();
  };
  handlers.accepts_socket = [](const Request& request) {
    return request.path == "/v1/responses" && request.headers.get("authorization") != "wrong";
  };
  handlers.open_socket = [this](const Request& request, std::shared_ptr<SocketWriter> writer) {
    log_->change([&](SocketLog::Seen& seen) {
      ++seen.opened;
      seen.path = request.path + "?" + request.query;
    });
    auto session = std::make_shared<EchoSession>(std::move(writer), *log_);
    latest_ = session;
    return session;
  };
  ListenerLimits all;
  all.socket = limits;
  all.browsers.allowed_hosts = {"x"};  // what handshake() says
  listener_ =
      std::make_unique<HttpListener>(loops_, ListenPlace{"127.0.0.1"}, all, clock_, handlers);
  listener_->start();
  loops_.start();
}

SocketRig::~SocketRig() {
  loops_.stop();
}

void SocketRig::read() {
  loops_.at(0).post([this] {
    if (const auto session = latest_.lock()) session->read();
  });
}

std::string handshake(const std::string& fields, const std::string& path) {
  return "GET " + path +
         " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
         fields + "\r\n";
}

FrameClient::FrameClient(SocketRig& rig, const std::string& fields) : raw_(rig.port()) {
  const std::size_t before = rig.log().seen().opened;
  raw_.send(handshake(fields));
  const std::string& text = raw_.read_until("\r\n\r\n");
  at_ = text.find("\r\n\r\n") + 4;
  answer_ = text.substr(0, at_);
  rig.log().wait_for([&](const auto& seen) { return seen.opened > before; });
}

bool FrameClient::have(std::size_t bytes) {
  while (raw_.text().size() < at_ + bytes) {
    if (raw_.read_some() == 0) return false;
  }
  return true;
}

std::string FrameClient::take(std::size_t bytes) {
  std::string text = raw_.text().substr(at_, bytes);
  at_ += bytes;
  return text;
}

std::optional<Frame> FrameClient::read() {
  if (!have(2)) return std::nullopt;
  const std::string head = take(2);
  const auto first = static_cast<std::uint8_t>(head[0]);
  Frame frame{static_cast<std::uint8_t>(first & 0x0f), "", (first & 0x80) != 0, (first & 0x40) != 0,
              (head[1] & 0x80) != 0};
  std::uint64_t length = static_cast<std::uint8_t>(head[1]) & 0x7f;
  const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (extra > 0) {
    if (!have(extra)) return std::nullopt;
    length = 0;
    for (const char c : take(extra)) length = length << 8 | static_cast<std::uint8_t>(c);
  }
  if (!have(length)) return std::nullopt;
  frame.payload = take(length);
  return frame;
}

std::string FrameClient::message() {
  const auto frame = read();
  return frame && frame->opcode == opcode::kText && frame->fin ? frame->payload : "(no message)";
}

std::uint16_t FrameClient::close_code() {
  while (const auto frame = read()) {
    if (frame->opcode != opcode::kClose) continue;
    if (frame->payload.size() < 2) return 1005;
    return static_cast<std::uint16_t>(static_cast<std::uint8_t>(frame->payload[0]) << 8 |
                                      static_cast<std::uint8_t>(frame->payload[1]));
  }
  return 0;
}

bool FrameClient::at_end() {
  return !have(1);
}

}  // namespace responses_proxy::testing
