// SocketRig: the real listener on a free port with sessions that echo; FrameClient: its client.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "fakes/manual_clock.h"
#include "integration/listener/frames.h"
#include "integration/raw_client.h"
#include "responses_proxy/event_loop.h"
#include "server/http_listener.h"

namespace responses_proxy::testing {

// What the sessions of a rig have seen.
class SocketLog {
 public:
  struct Seen {
    std::vector<std::string> messages;
    std::size_t opened = 0;
    std::size_t closed = 0;
    std::size_t destroyed = 0;
    std::size_t waits = 0;                // sends that returned false
    std::size_t messages_in_waiting = 0;  // between such a send and on_writable
    std::size_t sent_bytes = 0;
    std::string path;
  };
  void change(const std::function<void(Seen&)>& change);
  Seen seen() const;
  // false: it took too long.
  bool wait_for(const std::function<bool(const Seen&)>& condition,
                Millis timeout = Millis(30'000)) const;
  // Until a session had to wait and has sent nothing for a moment.
  bool wait_until_stuck() const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Seen seen_;
};

// Echoes messages, except for: "flood N" (N messages of 16 KiB, as the writer takes them), "busy"
// (a turn begins), "done" (it ends; answered before on_idle is told) and "long" (it takes until
// read() to be read).
class EchoSession final : public SocketSession {
 public:
  EchoSession(std::shared_ptr<SocketWriter> writer, SocketLog& log)
      : writer_(std::move(writer)), log_(log) {}
  ~EchoSession() override;

  bool on_message(std::string text) override;
  void on_writable() override;
  void on_closed() override;
  bool idle() const override { return idle_; }
  void read();

 private:
  void flood();
  void send(const std::string& text);

  std::shared_ptr<SocketWriter> writer_;
  SocketLog& log_;
  bool idle_ = true;
  bool waiting_ = false;
  bool reading_ = false;
  int flood_ = 0;
};

class SocketRig {
 public:
  // With a log of its own, or one that outlives it.
  explicit SocketRig(SocketLimits limits = {}, SocketLog* log = nullptr);
  ~SocketRig();

  std::uint16_t port() const { return listener_->port(); }
  ManualClock& clock() { return clock_; }
  SocketLog& log() { return *log_; }
  HttpListener& listener() { return *listener_; }
  // The latest session has read its long message.
  void read();

 private:
  ManualClock clock_;
  SocketLog own_log_;
  SocketLog* log_;
  EventLoops loops_{1};
  std::weak_ptr<EchoSession> latest_;  // on the loop
  std::unique_ptr<HttpListener> listener_;
};

// The handshake of RFC 6455 section 1.3, with further header lines.
std::string handshake(const std::string& fields = "", const std::string& path = "/v1/responses");

class FrameClient {
 public:
  // Does the handshake, and waits for the session.
  explicit FrameClient(SocketRig& rig, const std::string& fields = "");

  RawClient& raw() { return raw_; }
  const std::string& answer() const { return answer_; }
  void send(const Frame& frame) { raw_.send(encode(frame)); }
  void text(const std::string& payload) { send({opcode::kText, payload}); }
  // The next frame of the server; none: the connection has ended.
  std::optional<Frame> read();
  // The payload of the next message.
  std::string message();
  // Reads up to the server's close frame: its code, or 0 if the connection ends without one.
  std::uint16_t close_code();
  bool at_end();

 private:
  bool have(std::size_t bytes);
  std::string take(std::size_t bytes);

  RawClient raw_;
  std::string answer_;
  std::size_t at_ = 0;
};

}  // namespace responses_proxy::testing
