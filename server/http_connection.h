// HttpConnection: one client connection on one event loop, HTTP/1.1 with keep-alive and pipelining.
//
// It reads one request, hands it on together with itself as the ResponseWriter, and reads the next
// one when the answer is complete. A read is pending at all times: it brings the next bytes, and
// tells at once when the client has gone. The handshake of a WebSocket ends it: the owner gets the
// socket. What a request must not be is answered here: no HTTP, another site's page.
//
// Limits: HttpLimits; an answer that the client does not read holds at most kHighWater bytes plus
// one write here, then the exchange is told to wait.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/browser_guard.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/error.h"
#include "responses_proxy/response_writer.h"
#include "server/answer_framing.h"
#include "server/client_socket.h"
#include "server/request_body.h"
#include "server/request_head.h"

namespace responses_proxy {

struct HttpLimits {
  std::size_t max_head_bytes = 64 * 1024;
  std::uint64_t max_body_bytes = 100 * 1024 * 1024;
  Millis head_timeout{30'000};    // from the first byte of a request to the end of its head
  Millis body_timeout{60'000};    // without a single byte of the body
  Millis idle_timeout{120'000};   // between two requests
  Millis write_timeout{300'000};  // an answer of which the client takes nothing
  Millis linger_timeout{5'000};   // for the client to close after a refused request
};

class HttpConnection;

// What a connection needs from its listener; same loop.
class ConnectionOwner {
 public:
  virtual void serve(Request request, std::shared_ptr<ResponseWriter> writer) = 0;
  virtual bool accepts_socket(const Request& handshake) const = 0;
  // Takes the connection over; the handshake has not been answered.
  virtual void open_socket(std::unique_ptr<ClientSocket> socket, Request handshake) = 0;
  virtual void on_connection_closed(HttpConnection& connection) = 0;
  virtual bool draining() const = 0;
  virtual std::string new_request_id() = 0;

 protected:
  ~ConnectionOwner() = default;
};

class HttpConnection final : public ResponseWriter,
                             private ClientSocket::User,
                             public std::enable_shared_from_this<HttpConnection> {
 public:
  static constexpr std::size_t kHighWater = 64 * 1024;

  // All of them outlive the connection.
  HttpConnection(std::unique_ptr<ClientSocket> socket, const HttpLimits& limits,
                 const BrowserGuard& guard, const Clock& clock, ConnectionOwner& owner);

  void start();
  // Called about once a second: closes what has been too slow.
  void check_deadline(SteadyTime now);
  // Closes the connection if it is between two requests; otherwise after the current answer.
  void drain();
  void close();

  // ResponseWriter
  void observe(ResponseObserver* observer) override { observer_ = observer; }
  void start(ResponseHead head) override;
  bool write(std::string_view bytes) override;
  void finish() override;
  void abort() override;

 private:
  // lingering: answered and shut down for sending; what the client still sends is thrown away, so
  // that it is not reset before it has read the answer.
  enum class Phase : std::uint8_t { idle, head, body, answering, lingering, closing };
  // The answer to the request in hand.
  enum class Answer : std::uint8_t {
    due,
    started,   // its head waits for what comes in the same turn of the loop
    sending,   // the head is framed, and more may come
    complete,  // all of it is framed
  };

  static bool may_follow(Phase now, Phase next);
  void go_to(Phase next);
  void go_to(Answer next);
  void read_more();
  void on_readable() override;
  void on_writable() override;
  bool read_once();
  bool holds_enough() const;
  void take_in(std::string_view bytes);
  void keep_arrived();
  std::string_view unread() const;
  void take(std::size_t bytes);
  void parse();
  bool read_head();
  void read_body();
  void body_has_grown();
  void send_continue();
  void dispatch();
  void upgrade(Request handshake);
  void refuse(const Error& error);
  void answer(ResponseHead head, std::string_view body);
  void next_request();

  void flush_soon();
  void flush();
  void send_head();
  void answer_sent();
  void broken();
  void client_gone();
  void linger();
  void set_deadline(Millis from_now) { deadline_ = clock_.steady() + from_now; }

  std::unique_ptr<ClientSocket> socket_;  // null: it is a WebSocket's
  const HttpLimits& limits_;
  const BrowserGuard& guard_;
  const Clock& clock_;
  ConnectionOwner& owner_;
  const std::string peer_;

  Phase phase_ = Phase::idle;
  SteadyTime deadline_;
  std::string_view arrived_;      // what has just been read and is not parsed yet, if in_ is empty
  boost::beast::flat_buffer in_;  // what has come too early, or in pieces
  bool reading_ = false;          // or waiting for something to read
  std::optional<RequestHeadReader> head_reader_;
  RequestHead request_head_;                      // from the body on
  std::optional<RequestBodyReader> body_reader_;  // in it

  ResponseObserver* observer_ = nullptr;
  AnswerTerms terms_;
  Headers browser_fields_;  // for the answer
  Answer answer_ = Answer::due;
  std::optional<ResponseHead> head_;  // as long as it is started
  AnswerFraming framing_;             // afterwards
  bool flush_posted_ = false;
  bool waiting_to_write_ = false;
  bool told_to_wait_ = false;
  std::string out_;
  std::size_t out_sent_ = 0;
};

}  // namespace responses_proxy
