// One connection of a ScriptedUpstream: reads requests and plays replies with blocking calls.
//
// Threads    serve() runs on the connection's own thread; wake() and shut_down() from any thread.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fakes/scripted_upstream.h"

namespace responses_proxy::testing {

enum class ReplyEnd : std::uint8_t {
  complete,  // everything was sent
  broken,    // the script closed or reset the connection
  aborted,   // the client left first
  stopped,   // the upstream is being shut down
};

// What a connection needs from the upstream it belongs to.
class UpstreamScript {
 public:
  // The answer to a request whose body has not been read, if it shall not wait for that.
  virtual std::optional<Reply> early_reply(RecordedRequest head) = 0;
  virtual Reply next_reply(RecordedRequest request) = 0;
  virtual void reply_ended(ReplyEnd end) = 0;
  virtual void body_sent(std::size_t bytes) = 0;
  virtual bool gate_open(const std::string& name) = 0;
  virtual bool stopping() = 0;

 protected:
  ~UpstreamScript() = default;
};

class UpstreamConnection {
 public:
  // `received`: what has been read from the socket already.
  UpstreamConnection(boost::asio::ip::tcp::socket socket, std::string_view received,
                     std::size_t number, UpstreamScript& script);
  ~UpstreamConnection();
  UpstreamConnection(const UpstreamConnection&) = delete;
  UpstreamConnection& operator=(const UpstreamConnection&) = delete;

  // Until the connection ends; closes it.
  void serve();
  // Makes a waiting step look at its gate again.
  void wake() const;
  // Ends whatever serve() waits for.
  void shut_down();

 private:
  // false: the connection has ended.
  bool serve_one();
  bool end_reply(ReplyEnd end, bool keep);
  ReplyEnd play(const Reply& reply, bool without_body);
  ReplyEnd play_steps(const std::vector<Step>& steps, bool chunked);
  ReplyEnd send_repeatedly(const Step& step, bool chunked);
  ReplyEnd send(std::string_view bytes, bool count);
  ReplyEnd wait(const std::string* gate) const;
  ReplyEnd end_connection(bool reset);
  bool client_left() const;

  boost::asio::ip::tcp::socket socket_;
  std::mutex socket_mutex_;  // guards closing against shut_down
  const std::size_t number_;
  UpstreamScript& script_;
  boost::beast::flat_buffer buffer_;
  const int fd_;  // of socket_
  const int wake_fd_;
};

}  // namespace responses_proxy::testing
