// One WebSocket of a ScriptedSocketUpstream, on its thread.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "fakes/responses_conversation.h"
#include "fakes/socket_script.h"

namespace responses_proxy::testing {

// What a socket needs from the upstream it belongs to.
class SocketOwner {
 public:
  virtual bool gate_open(const std::string& name) = 0;
  virtual std::optional<Reply> next_turn(std::size_t connection) = 0;
  virtual void on_opened() = 0;
  virtual void on_message(const SocketMessage& message) = 0;
  virtual void on_control(boost::beast::websocket::frame_type frame) = 0;
  virtual void on_sent(std::size_t bytes) = 0;
  virtual void on_ended(std::size_t connection, bool was_open, std::uint16_t code,
                        const std::string& reason) = 0;

 protected:
  ~SocketOwner() = default;
};

class ScriptedSocket : public std::enable_shared_from_this<ScriptedSocket> {
 public:
  using Handshake = boost::beast::http::request<boost::beast::http::empty_body>;

  ScriptedSocket(boost::asio::ip::tcp::socket socket, std::size_t number, SocketScript script,
                 SocketOwner& owner);

  void start(Handshake handshake);
  // Goes on with what waits at gates that are open by now.
  void pump();

 private:
  using Done = std::function<void(const boost::system::error_code&)>;
  // Steps that only this class takes: the handshake, in the same order of things as the script's.
  struct Queued {
    SocketStep step;
    std::function<void()> action = {};
  };
  using Lane = std::deque<Queued>;

  bool run_next(Lane& lane);
  void run(const Queued& queued);
  void run_step(const SocketStep& step);
  void send(const std::string& text, std::size_t times);
  void send_fragments(const std::string& text, std::size_t from, std::size_t size);
  void accept();
  void refuse(const Reply& reply);
  void read();
  void on_read(const boost::system::error_code& error);
  void note_close_frame();
  void note_end(std::uint16_t code, const std::string& reason);
  Done step_done();
  void end(std::uint16_t code, const std::string& reason);

  boost::beast::websocket::stream<boost::asio::ip::tcp::socket> stream_;
  const std::size_t number_;
  SocketScript script_;
  SocketOwner& owner_;
  ResponsesConversation conversation_;
  Handshake handshake_;
  boost::beast::flat_buffer buffer_;
  std::map<std::string, Lane> lanes_;
  Queued current_;  // what is being done
  bool busy_ = false;
  bool open_ = false;
  bool closing_ = false;  // our close is under way
  bool ended_ = false;
  bool end_noted_ = false;
  std::size_t received_ = 0;
};

}  // namespace responses_proxy::testing
