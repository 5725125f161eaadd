// SocketTurn: one `response.create` of a client's socket, between its exchange and the socket.
//
// To the exchange it is the Turn, the transport of its attempts and the ResponseWriter of its
// answer; what it hears on the way it keeps in the Transcripts.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "dialects/responses/event_head.h"
#include "dialects/sse_framer.h"
#include "proxy/client_turn.h"
#include "proxy/web_socket/client_message.h"
#include "proxy/web_socket/lane.h"
#include "responses_proxy/response_writer.h"

namespace responses_proxy {

class TurnTransfer;

// The client's socket, as its turns see it.
class TurnOwner {
 public:
  virtual bool send(Lane& lane, std::string_view event) = 0;
  virtual void on_turn_ended(Lane& lane) = 0;
  // Of the lane's upstream, when no turn waits for it.
  virtual void on_unclaimed(Lane& lane, std::string_view event) = 0;

 protected:
  ~TurnOwner() = default;
};

// How an attempt travels.
enum class Transport : std::uint8_t {
  socket,
  http,
  none,  // a warm-up for an upstream that knows none: answered here
};

class SocketTurn final : public ResponseWriter, public ClientTurn, public UpstreamClient {
 public:
  // The lane, and what it is in, outlive the turn: `owner` is kept alive by it.
  SocketTurn(SocketContext& context, Lane& lane, ClientMessage message,
             std::shared_ptr<TurnOwner> owner);
  ~SocketTurn() override;

  // The client wants no more of this answer. Only for transports other than the socket.
  void interrupt();
  void on_writable();
  void on_client_gone();
  // What this turn holds beside what its upstream connection has not sent yet.
  std::size_t held_bytes() const;

  // ClientTurn
  bool movable() const override;
  std::optional<Error> prepare(const Resource& resource, Request& request) override;
  UpstreamClient& transport() override { return *this; }
  bool drop_encrypted_items() override;

  // UpstreamClient
  std::unique_ptr<UpstreamTransfer> start(UpstreamRequest request,
                                          UpstreamHandler& handler) override;

  // ResponseWriter
  void observe(ResponseObserver* observer) override { observer_ = observer; }
  void start(ResponseHead head) override;
  bool write(std::string_view bytes) override;
  void finish() override;
  void abort() override;

  // For its TurnTransfer.
  SocketContext& context() { return context_; }
  Lane& lane() { return lane_; }
  bool is_warm_up() const;
  // It builds on a response, and what that amounts to is remembered here.
  bool continues_known() const { return !message_.previous_response_id.empty() && movable(); }
  // What to send to the lane's upstream as it is now: the message, made whole where that upstream
  // does not remember what it continues.
  std::string socket_message() const;
  Result<std::string> http_message() const;
  // For http_message(); `headers` has what else the request sends.
  void add_http_headers(Headers& headers) const;
  // A fresh connection for this turn.
  void connect(const UpstreamRequest& request);
  void remember_refusal();
  // Streams that the upstream does not send itself.
  std::string warm_up() const;
  std::string interrupted() const;
  void on_transfer_gone() { transfer_ = nullptr; }

 private:
  std::optional<std::string> whole_input() const;
  bool upstream_usable() const;
  std::string new_response_id() const;
  void on_event(std::string_view data);
  void learn(const EventHead& head, std::string_view data);
  void add_output(std::string_view item);
  void remember_response(std::string_view response);
  void keep_conversation(const std::string& response_id);
  void end();

  SocketContext& context_;
  Lane& lane_;
  ClientMessage message_;
  std::shared_ptr<TurnOwner> owner_;
  ResponseObserver* observer_ = nullptr;
  TurnTransfer* transfer_ = nullptr;
  // What it continues, when that is the latest response of another lane, which may move on.
  std::optional<std::string> forked_from_;

  Transport transport_ = Transport::http;
  std::string resource_id_;
  std::size_t request_bytes_ = 0;  // of the body made ready for that, until the answer begins

  // The answer on its way to the client.
  ResponseHead head_;
  bool streaming_ = false;
  bool told_to_wait_ = false;
  std::string error_body_;
  SseFramer framer_;
  bool too_long_ = false;  // an event was, and the rest is not read
  bool end_sent_ = false;  // the terminal event, which ends a turn for its client
  std::string response_id_;
  std::int64_t next_number_ = 0;  // of an event
  std::string output_items_;
  // The conversation cannot be kept: the client has changed the course of this answer, which did
  // not pass as a turn, or it is larger than all that may be kept.
  bool conversation_lost_ = false;
};

}  // namespace responses_proxy
