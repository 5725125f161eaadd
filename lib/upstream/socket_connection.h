// One WebSocket to a provider, without the transport below it: the order of things from the name
// look-up to the close, the queue, pausing, keep-alive and every time limit.
//
// Beast's streams must outlive their operations, so every operation holds a share of the
// connection; abandon() takes the handler away and closes the TCP socket, which ends them all.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "core/address_walk.h"
#include "responses_proxy/upstream_socket.h"
#include "upstream/socket_target.h"

namespace responses_proxy {

class SocketConnection : public std::enable_shared_from_this<SocketConnection> {
 public:
  using ErrorCode = boost::system::error_code;

  SocketConnection(EventLoop& loop, SocketTarget target, UpstreamSocketRequest request,
                   const UpstreamSocketOptions& options, UpstreamSocketHandler& handler);
  virtual ~SocketConnection() = default;
  SocketConnection(const SocketConnection&) = delete;
  SocketConnection& operator=(const SocketConnection&) = delete;

  void start();
  void send(std::string text);
  std::size_t unsent_bytes() const { return queued_bytes_; }
  void pause() { paused_ = true; }
  void resume();
  void close();
  void abandon();

 protected:
  // The transport's operations, at most one of each kind at a time; each ends in its on_...().
  virtual boost::asio::ip::tcp::socket& tcp() = 0;
  virtual void secure() = 0;
  virtual void shake_hands() = 0;
  virtual void read(boost::beast::flat_buffer& buffer) = 0;
  virtual void write(const std::string& text) = 0;
  virtual void ping() = 0;
  virtual void say_goodbye(std::uint16_t code) = 0;

  virtual bool message_done() const = 0;
  virtual bool message_is_binary() const = 0;
  virtual bool is_open() const = 0;
  virtual boost::beast::websocket::close_reason peer_reason() const = 0;

  // `objection`: to the certificate, "" = none.
  void on_secured(const ErrorCode& error, std::string_view objection);
  void on_handshake(const ErrorCode& error, const boost::beast::websocket::response_type& response);
  void on_read(const ErrorCode& error);
  void on_written(const ErrorCode& error);
  void on_ping_sent(const ErrorCode& error);
  void on_goodbye();
  void on_peer_close();
  void on_heard() { silent_ticks_ = 0; }

  const SocketTarget& target() const { return target_; }
  const Headers& request_headers() const { return request_.headers; }

 private:
  using Walk = AddressWalk<boost::asio::ip::tcp::socket>;

  // In this order; closing: our close frame is out or about to be.
  enum class State : std::uint8_t { connecting, open, closing, ended };
  enum class Reading : std::uint8_t {
    nothing,
    under_way,  // until what it has brought is delivered
    held,       // it has ended, but the handler is paused
  };

  void go_to(State next);
  void connect(const boost::asio::ip::tcp::resolver::results_type& addresses);
  void fail_connect(UpstreamError error, std::string_view reason);
  void fail_open(UpstreamError error, std::string detail);
  void end_open(const UpstreamSocketOpen& result);
  void read_next();
  void take();
  void write_next();
  void start_closing(std::uint16_t code);
  void finish(std::uint16_t code, const std::string& reason);
  void finish_as_peer(std::uint16_t code_if_none);
  void arm(Millis after);
  void on_timer();
  void tick();
  void shut();

  EventLoop& loop_;
  const SocketTarget target_;
  UpstreamSocketRequest request_;
  const UpstreamSocketOptions options_;
  UpstreamSocketHandler* handler_;  // null once it must not be called any more
  boost::asio::ip::tcp::resolver resolver_;
  std::shared_ptr<Walk> walk_;  // while it connects
  std::unique_ptr<Timer> timer_;

  State state_ = State::connecting;
  std::deque<std::string> queue_;
  std::size_t queued_bytes_ = 0;
  boost::beast::flat_buffer buffer_;  // the message that is being read
  Reading reading_ = Reading::nothing;
  bool paused_ = false;
  bool writing_ = false;
  bool pinging_ = false;
  bool close_requested_ = false;
  std::uint16_t close_code_ = 0;  // why we close it ourselves; 0 = on request
  int silent_ticks_ = 0;
};

}  // namespace responses_proxy
