#include "fakes/upstream_connection.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http.hpp>
#include <utility>

namespace responses_proxy::testing {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::uint64_t kMaxBody = 256ULL * 1024 * 1024;
constexpr std::uint32_t kMaxHead = 1024 * 1024;
constexpr std::string_view kBearer = "Bearer ";

RecordedRequest to_record(const http::request<http::string_body>& message, std::size_t connection) {
  RecordedRequest request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) {
    request.headers.add(std::string(field.name_string()), std::string(field.value()));
  }
  request.body = message.body();
  const std::string_view authorization = request.headers.get("Authorization");
  if (authorization.substr(0, kBearer.size()) == kBearer) {
    request.key = std::string(authorization.substr(kBearer.size()));
  }
  request.connection = connection;
  return request;
}

std::string head_of(const Reply& reply, bool chunked) {
  const auto reason = http::obsolete_reason(static_cast<http::status>(reply.status));
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", reply.status,
                                 std::string_view(reason.data(), reason.size()));
  for (const Header& field : reply.headers) {
    head += fmt::format("{}: {}\r\n", field.name, field.value);
  }
  const bool bodiless = reply.status == 204 || reply.status == 304;
  if (chunked) {
    head += "Transfer-Encoding: chunked\r\n";
  } else if (reply.steps.empty() && !bodiless && !reply.headers.find("Content-Length")) {
    head += fmt::format("Content-Length: {}\r\n", reply.body.size());
  }
  return head + "\r\n";
}

bool closes(const Reply& reply) {
  return equals_ignore_case(reply.headers.get("Connection"), "close");
}

bool writes(const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    if (step.kind == Step::Kind::write) return true;
  }
  return false;
}

}  // namespace

UpstreamConnection::UpstreamConnection(tcp::socket socket, std::string_view received,
                                       std::size_t number, UpstreamScript& script)
    : socket_(std::move(socket)),
      number_(number),
      script_(script),
      fd_(socket_.native_handle()),
      wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  buffer_.commit(asio::buffer_copy(buffer_.prepare(received.size()), asio::buffer(received)));
}

UpstreamConnection::~UpstreamConnection() {
  ::close(wake_fd_);
}

void UpstreamConnection::serve() {
  while (serve_one()) {
  }
  end_connection(false);
}

bool UpstreamConnection::serve_one() {
  http::request_parser<http::string_body> parser;
  parser.body_limit(kMaxBody);
  parser.header_limit(kMaxHead);
  error_code error;
  http::read_header(socket_, buffer_, parser, error);
  if (error) return false;
  const bool keep_alive = parser.keep_alive();
  const bool without_body = parser.get().method() == http::verb::head;
  if (const auto early = script_.early_reply(to_record(parser.get(), number_))) {
    const ReplyEnd end = play(*early, without_body);
    if (end != ReplyEnd::complete) return end_reply(end, false);
    script_.reply_ended(end);
    const bool keep = keep_alive && !closes(*early);
    // A connection that is closed over unread bytes is reset, and the answer may be lost.
    if (!keep) socket_.shutdown(tcp::socket::shutdown_send, error);
    http::read(socket_, buffer_, parser, error);
    return keep && !error;
  }
  if (equals_ignore_case(std::string_view(parser.get()[http::field::expect]), "100-continue") &&
      send("HTTP/1.1 100 Continue\r\n\r\n", false) != ReplyEnd::complete) {
    return false;
  }
  http::read(socket_, buffer_, parser, error);
  if (error) return false;
  const Reply reply = script_.next_reply(to_record(parser.get(), number_));
  return end_reply(play(reply, without_body), keep_alive && !closes(reply));
}

// Whether the connection goes on.
bool UpstreamConnection::end_reply(ReplyEnd end, bool keep) {
  keep = keep && end == ReplyEnd::complete;
  if (!keep && end != ReplyEnd::broken) end_connection(false);
  script_.reply_ended(end);
  return keep;
}

void UpstreamConnection::wake() const {
  ::eventfd_write(wake_fd_, 1);
}

void UpstreamConnection::shut_down() {
  const std::lock_guard lock(socket_mutex_);
  error_code ignored;
  if (socket_.is_open()) socket_.shutdown(tcp::socket::shutdown_both, ignored);
}

ReplyEnd UpstreamConnection::play(const Reply& reply, bool without_body) {
  const ReplyEnd before = play_steps(reply.before_head, false);
  if (before != ReplyEnd::complete || writes(reply.before_head)) return before;

  const bool chunked =
      !reply.steps.empty() && !closes(reply) && !reply.headers.find("Content-Length");
  const ReplyEnd head = send(head_of(reply, chunked), false);
  if (head != ReplyEnd::complete || without_body) return head;
  if (reply.steps.empty()) return send(reply.body, true);
  const ReplyEnd body = play_steps(reply.steps, chunked);
  return body == ReplyEnd::complete && chunked ? send("0\r\n\r\n", true) : body;
}

ReplyEnd UpstreamConnection::play_steps(const std::vector<Step>& steps, bool chunked) {
  for (const Step& step : steps) {
    ReplyEnd end = ReplyEnd::complete;
    switch (step.kind) {
      case Step::Kind::write:
        end = send_repeatedly(step, chunked);
        break;
      case Step::Kind::gate:
        end = wait(&step.text);
        break;
      case Step::Kind::stall:
        end = wait(nullptr);
        break;
      case Step::Kind::close:
        return end_connection(false);
      case Step::Kind::reset:
        return end_connection(true);
    }
    if (end != ReplyEnd::complete) return end;
  }
  return ReplyEnd::complete;
}

ReplyEnd UpstreamConnection::send_repeatedly(const Step& step, bool chunked) {
  const std::string bytes =
      chunked ? fmt::format("{:x}\r\n{}\r\n", step.text.size(), step.text) : step.text;
  for (std::size_t i = 0; i < step.times; ++i) {
    const ReplyEnd end = send(bytes, true);
    if (end != ReplyEnd::complete) return end;
  }
  return ReplyEnd::complete;
}

ReplyEnd UpstreamConnection::send(std::string_view bytes, bool count) {
  if (client_left()) return ReplyEnd::aborted;
  while (!bytes.empty()) {
    error_code error;
    const std::size_t n = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
    if (error) return script_.stopping() ? ReplyEnd::stopped : ReplyEnd::aborted;
    if (count) script_.body_sent(n);
    bytes.remove_prefix(n);
  }
  return ReplyEnd::complete;
}

ReplyEnd UpstreamConnection::wait(const std::string* gate) const {
  for (;;) {
    if (script_.stopping()) return ReplyEnd::stopped;
    if (client_left()) return ReplyEnd::aborted;
    if (gate != nullptr && script_.gate_open(*gate)) return ReplyEnd::complete;
    pollfd fds[] = {{fd_, POLLRDHUP, 0}, {wake_fd_, POLLIN, 0}};
    ::poll(fds, 2, -1);
    eventfd_t ignored = 0;
    ::eventfd_read(wake_fd_, &ignored);
  }
}

ReplyEnd UpstreamConnection::end_connection(bool reset) {
  const std::lock_guard lock(socket_mutex_);
  error_code ignored;
  if (reset) {
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  } else {
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
  }
  socket_.close(ignored);
  return ReplyEnd::broken;
}

// A client that half-closes counts as gone: no HTTP client waits for an answer that way.
bool UpstreamConnection::client_left() const {
  pollfd fd = {fd_, POLLRDHUP, 0};
  return ::poll(&fd, 1, 0) > 0;
}

}  // namespace responses_proxy::testing
