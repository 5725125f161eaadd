// TurnTransfer: one attempt of a turn, over the lane's WebSocket or over HTTP.
//
// Whatever it travels over, the exchange sees an answer with a head: a stream of events, or an
// error with its status. An upstream that refuses WebSocket gets the turn over HTTP in the same
// attempt; a connection that had gone stale is opened anew once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/web_socket/socket_turn.h"
#include "proxy/web_socket/turn_deadlines.h"

namespace responses_proxy {

class TurnTransfer final : public UpstreamTransfer,
                           private UpstreamSocketHandler,
                           private UpstreamHandler {
 public:
  // An upstream closes a connection after 60 minutes; one as old as this takes no new turn.
  static constexpr Millis kMaxUpstreamAge = std::chrono::minutes(55);

  TurnTransfer(SocketTurn& turn, UpstreamRequest request, TurnHandler& handler);
  ~TurnTransfer() override;

  // `body`: what the request's is a view of; taken if it goes over the socket.
  void start(Transport transport, std::string& body);
  void interrupt();
  // The lane's upstream has the turn, or will have it before anything that is sent from now on.
  bool sent_on_socket() const { return on_socket() && !writing_; }
  std::size_t held_bytes() const { return handler_.held_bytes(); }

  void resume() override;
  bool body_sent() const override { return !http_ || http_->body_sent(); }

 private:
  // What the attempt is on.
  enum class Path : std::uint8_t {
    none,
    kept_socket,   // the lane's upstream, as an earlier turn has left it
    fresh_socket,  // the same, opened for this attempt
    http,
  };
  enum class Stage : std::uint8_t {
    waiting,
    begun,  // the handler has the head
    ended,  // it has all, or will have it within the same call
  };

  void go_to(Stage next);
  bool on_socket() const { return path_ == Path::kept_socket || path_ == Path::fresh_socket; }
  void use_socket(Path path);
  // UpstreamSocketHandler
  void on_open(const UpstreamSocketOpen& result) override;
  void on_message(std::string_view message) override;
  void on_close(std::uint16_t code, const std::string& reason) override;
  // UpstreamHandler: of the HTTP transfer
  void on_head(int status, Headers headers) override;
  bool on_body(std::string_view bytes) override;
  void on_end(const UpstreamResult& result) override;

  void start_socket(std::string& body);
  void send_anew();
  void reopen();
  void go_over_http();
  void write(TurnText text, void (TurnTransfer::*then)(std::string written));
  void send_on_socket(std::string text) { lane_.upstream->send(std::move(text)); }
  void start_http(std::string body);
  void answer_locally();
  void say_here();
  void on_refusal(const UpstreamMessage& error);
  bool forgotten(const UpstreamMessage& error);
  void forward(const UpstreamMessage& message);
  void refuse(const SocketRefusal& refusal);
  void answer(int status, Headers headers, std::string_view body);
  void break_off(UpstreamError error, std::string detail = {});
  void end(UpstreamError error, std::string detail = {});

  SocketTurn& turn_;
  Lane& lane_;
  UpstreamRequest request_;
  TurnHandler& handler_;
  TurnDeadlines deadlines_;
  std::unique_ptr<UpstreamTransfer> http_;
  std::string http_body_;
  Path path_ = Path::none;
  Stage stage_ = Stage::waiting;
  bool stream_ = false;      // begun with the head of a stream
  bool made_whole_ = false;  // sent again with the whole input
  bool paused_ = false;
  std::shared_ptr<bool> writing_;  // what is to be sent is being written; null: nothing is
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace responses_proxy
