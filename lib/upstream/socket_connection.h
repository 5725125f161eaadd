// One WebSocket to a provider: the order of things from dialling to the close, the queue, pausing,
// keep-alive and every time limit.
//
// The bytes are those of a NativeConnection, read into the buffer that all sockets of the loop
// share. abandon() takes the handler away and closes the connection.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "responses_proxy/upstream_socket.h"
#include "upstream/native/dial.h"
#include "upstream/native/native_connection.h"
#include "upstream/native/origin.h"
#include "upstream/socket_opening.h"
#include "web_socket/frame_reader.h"
#include "web_socket/frame_writer.h"

namespace responses_proxy {

// What the sockets of one factory share; they may outlive it.
struct SocketTools {
  SocketTools(EventLoop& loop, const Clock& clock, UpstreamSocketOptions socket_options);

  EventLoop& loop;
  const UpstreamSocketOptions options;
  TlsWires tls;
  NameCache names;
  Origins origins;
  const DialTools dial;
};

class SocketConnection final : public std::enable_shared_from_this<SocketConnection>,
                               private NativeConnection::User {
 public:
  SocketConnection(std::shared_ptr<SocketTools> tools, UpstreamSocketRequest request,
                   UpstreamSocketHandler& handler);

  void start();
  void send(std::string text);
  std::size_t unsent_bytes() const { return writer_.unsent_bytes(); }
  void pause() { paused_ = true; }
  void resume();
  void close();
  void abandon();

 private:
  // In this order; closing: our close frame is out or about to be.
  enum class State : std::uint8_t { connecting, open, closing, ended };
  // A message for a paused handler, and what was read behind it.
  struct Held {
    std::string text;
    std::string bytes;
  };
  // Until the handshake is complete.
  struct Opening {
    UpstreamSocketRequest request;
    std::shared_ptr<Dial> dial;
    std::unique_ptr<SocketOpening> handshake;  // once connected
    FrameWriter out{FrameWriter::Form{}};      // the handshake's request
  };

  void on_readable(NativeConnection&) override;
  void on_writable(NativeConnection&) override;

  void go_to(State next);
  void on_dialled(Dial::Outcome outcome);
  void read_answer(std::span<char> bytes);
  void on_opened(std::span<char> frames);
  void fail_connect(UpstreamError error, std::string_view reason);
  void fail_open(UpstreamError error, std::string detail);
  void end_open(const UpstreamSocketOpen& result);

  bool wants_bytes() const;
  bool read_once();
  void read_on();
  void go_on();
  void take(std::span<char> bytes);
  void on_found(FrameReader::Found found);
  void deliver(std::string_view text);
  void on_peer_close();
  void on_broken();
  void lose(bool orderly);

  void write();
  void start_closing(std::uint16_t code, std::string_view reason);
  void on_goodbye();
  void finish(std::uint16_t code, const std::string& reason);
  void finish_later(std::uint16_t code, std::string reason);
  void arm(Millis after);
  void on_timer();
  void tick();
  void shut();

  const std::shared_ptr<SocketTools> tools_;
  UpstreamSocketHandler* handler_;  // null once it must not be called any more
  std::unique_ptr<Opening> opening_;
  std::shared_ptr<NativeConnection> connection_;
  std::unique_ptr<Timer> timer_;

  FrameReader reader_;
  FrameWriter writer_;
  std::unique_ptr<Held> held_;
  std::string close_reason_;      // why we close it ourselves
  std::uint16_t close_code_ = 0;  // the same; 0 = on request
  int silent_ticks_ = 0;
  State state_ = State::connecting;
  bool paused_ = false;
  bool going_on_ = false;  // with what is held, or may have been read
  bool blocked_ = false;   // the connection takes nothing more for now
  bool close_requested_ = false;
  bool broken_ = false;  // nothing that comes can be read
};

}  // namespace responses_proxy
