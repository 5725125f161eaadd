#include "fakes/scripted_socket_upstream.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "fakes/scripted_socket.h"

namespace responses_proxy::testing {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::uint32_t kMaxHead = 1024 * 1024;
constexpr std::string_view kBearer = "Bearer ";

// A connection of which only the head of the first request is known.
struct Newcomer {
  tcp::socket socket;
  boost::beast::flat_buffer received = {};
};

RecordedRequest to_record(const ScriptedSocket::Handshake& handshake) {
  RecordedRequest request;
  request.method = std::string(handshake.method_string());
  request.target = std::string(handshake.target());
  for (const auto& field : handshake) {
    request.headers.add(std::string(field.name_string()), std::string(field.value()));
  }
  const std::string_view authorization = request.headers.get("Authorization");
  if (authorization.starts_with(kBearer)) {
    request.key = std::string(authorization.substr(kBearer.size()));
  }
  return request;
}

}  // namespace

struct ScriptedSocketUpstream::Impl final : SocketOwner {
  ScriptedUpstream http;
  asio::io_context context;
  tcp::acceptor acceptor{context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  const std::uint16_t port = acceptor.local_endpoint().port();
  std::map<std::size_t, std::shared_ptr<ScriptedSocket>> sockets;  // only on the thread

  mutable std::mutex mutex;  // guards everything below
  mutable std::condition_variable changed;
  std::deque<SocketScript> scripts;
  SocketScript fallback;
  std::map<std::string, std::deque<Reply>> turns;  // by key
  std::set<std::string> gates;
  std::vector<RecordedRequest> handshakes;
  std::vector<SocketMessage> messages;
  std::vector<SocketEnd> ends;
  SocketCounts counts;

  std::thread thread;

  Impl();
  ~Impl();
  void accept();
  void read_head(const std::shared_ptr<Newcomer>& newcomer);
  void welcome(tcp::socket accepted, ScriptedSocket::Handshake handshake);
  template <class Edit>
  void change(Edit&& edit) {
    const std::lock_guard lock(mutex);
    edit();
    changed.notify_all();
  }

  bool gate_open(const std::string& name) override;
  std::optional<Reply> next_turn(std::size_t connection) override;
  void on_opened() override;
  void on_message(const SocketMessage& message) override;
  void on_control(websocket::frame_type frame) override;
  void on_sent(std::size_t bytes) override;
  void on_ended(std::size_t connection, bool was_open, std::uint16_t code,
                const std::string& reason) override;
};

ScriptedSocketUpstream::Impl::Impl() {
  accept();
  thread = std::thread([this] { context.run(); });
}

ScriptedSocketUpstream::Impl::~Impl() {
  context.stop();
  thread.join();
}

void ScriptedSocketUpstream::Impl::accept() {
  acceptor.async_accept([this](const error_code& error, tcp::socket socket) {
    if (!error) {
      error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      read_head(std::make_shared<Newcomer>(Newcomer{std::move(socket)}));
    }
    accept();
  });
}

void ScriptedSocketUpstream::Impl::read_head(const std::shared_ptr<Newcomer>& newcomer) {
  newcomer->socket.async_read_some(
      newcomer->received.prepare(16 * 1024),
      [this, newcomer](const error_code& read_error, std::size_t bytes) {
        if (read_error) return;
        newcomer->received.commit(bytes);
        http::request_parser<http::empty_body> parser;
        parser.header_limit(kMaxHead);
        error_code error;
        parser.put(newcomer->received.cdata(), error);
        if (error == http::error::need_more) return read_head(newcomer);
        if (parser.is_header_done() && websocket::is_upgrade(parser.get())) {
          return welcome(std::move(newcomer->socket), parser.release());
        }
        const std::string received = boost::beast::buffers_to_string(newcomer->received.cdata());
        http.adopt(newcomer->socket.release(), received);
      });
}

void ScriptedSocketUpstream::Impl::welcome(tcp::socket accepted,
                                           ScriptedSocket::Handshake handshake) {
  RecordedRequest record = to_record(handshake);
  SocketScript script;
  std::size_t number = 0;
  change([&] {
    number = record.number = record.connection = ++counts.handshakes;
    handshakes.push_back(std::move(record));
    script = fallback;
    if (scripts.empty()) return;
    script = std::move(scripts.front());
    scripts.pop_front();
  });
  auto socket =
      std::make_shared<ScriptedSocket>(std::move(accepted), number, std::move(script), *this);
  sockets[number] = socket;
  socket->start(std::move(handshake));
}

bool ScriptedSocketUpstream::Impl::gate_open(const std::string& name) {
  const std::lock_guard lock(mutex);
  return gates.count(name) > 0;
}

std::optional<Reply> ScriptedSocketUpstream::Impl::next_turn(std::size_t connection) {
  const std::lock_guard lock(mutex);
  for (const std::string& key : {handshakes.at(connection - 1).key, std::string()}) {
    std::deque<Reply>& replies = turns[key];
    if (replies.empty()) continue;
    Reply reply = std::move(replies.front());
    replies.pop_front();
    return reply;
  }
  return std::nullopt;
}

void ScriptedSocketUpstream::Impl::on_opened() {
  change([this] { ++counts.open; });
}

void ScriptedSocketUpstream::Impl::on_message(const SocketMessage& message) {
  change([&] {
    ++counts.messages;
    messages.push_back(message);
  });
}

void ScriptedSocketUpstream::Impl::on_control(websocket::frame_type frame) {
  change([&] {
    if (frame == websocket::frame_type::ping) ++counts.pings;
    if (frame == websocket::frame_type::pong) ++counts.pongs;
  });
}

void ScriptedSocketUpstream::Impl::on_sent(std::size_t bytes) {
  change([&] { counts.sent_bytes += bytes; });
}

void ScriptedSocketUpstream::Impl::on_ended(std::size_t connection, bool was_open,
                                            std::uint16_t code, const std::string& reason) {
  sockets.erase(connection);
  if (!was_open) return;
  change([&] {
    --counts.open;
    ++counts.ended;
    ends.push_back({connection, code, reason});
  });
}

ScriptedSocketUpstream::ScriptedSocketUpstream() : impl_(std::make_unique<Impl>()) {}
ScriptedSocketUpstream::~ScriptedSocketUpstream() = default;

std::uint16_t ScriptedSocketUpstream::port() const {
  return impl_->port;
}

std::string ScriptedSocketUpstream::base_url() const {
  return fmt::format("http://127.0.0.1:{}/v1", impl_->port);
}

ScriptedUpstream& ScriptedSocketUpstream::http() {
  return impl_->http;
}

void ScriptedSocketUpstream::on_connection(std::vector<SocketScript> scripts) {
  const std::lock_guard lock(impl_->mutex);
  for (SocketScript& script : scripts) impl_->scripts.push_back(std::move(script));
}

void ScriptedSocketUpstream::set_default(SocketScript script) {
  const std::lock_guard lock(impl_->mutex);
  impl_->fallback = std::move(script);
}

void ScriptedSocketUpstream::refuse_all(int status) {
  SocketScript script;
  script.refusal = Reply{};
  script.refusal->status = status;
  set_default(std::move(script));
}

void ScriptedSocketUpstream::on_key(std::string key, std::vector<Reply> turns) {
  const std::lock_guard lock(impl_->mutex);
  std::deque<Reply>& queue = impl_->turns[std::move(key)];
  for (Reply& turn : turns) queue.push_back(std::move(turn));
}

void ScriptedSocketUpstream::open_gate(const std::string& name) {
  impl_->change([&] { impl_->gates.insert(name); });
  impl_->http.open_gate(name);
  asio::post(impl_->context, [this] {
    const auto sockets = impl_->sockets;  // one that ends takes itself out
    for (const auto& [number, socket] : sockets) socket->pump();
  });
}

SocketCounts ScriptedSocketUpstream::counts() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->counts;
}

std::vector<RecordedRequest> ScriptedSocketUpstream::handshakes() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->handshakes;
}

std::vector<SocketMessage> ScriptedSocketUpstream::messages() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->messages;
}

std::vector<SocketEnd> ScriptedSocketUpstream::ends() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->ends;
}

bool ScriptedSocketUpstream::wait_until(
    const std::function<bool(const SocketCounts&)>& condition) const {
  std::unique_lock lock(impl_->mutex);
  return impl_->changed.wait_for(lock, ScriptedUpstream::kPatience,
                                 [&] { return condition(impl_->counts); });
}

bool ScriptedSocketUpstream::wait_for_messages(std::size_t n) const {
  return wait_until([n](const SocketCounts& counts) { return counts.messages >= n; });
}

bool ScriptedSocketUpstream::wait_for_handshakes(std::size_t n) const {
  return wait_until([n](const SocketCounts& counts) { return counts.handshakes >= n; });
}

bool ScriptedSocketUpstream::wait_for_ends(std::size_t n) const {
  return wait_until([n](const SocketCounts& counts) { return counts.ended >= n; });
}

}  // namespace responses_proxy::testing
