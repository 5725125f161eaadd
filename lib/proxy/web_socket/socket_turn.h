// SocketTurn: one `response.create` of a client's socket on its way up: the form in which it goes
// to the resource that was picked, and what its answer adds to the conversation.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/client_turn.h"
#include "proxy/web_socket/client_message.h"
#include "proxy/web_socket/lane.h"
#include "proxy/web_socket/socket_answer.h"
#include "proxy/web_socket/turn_text.h"

namespace responses_proxy {

class TurnTransfer;

// How an attempt travels.
enum class Transport : std::uint8_t {
  socket,
  http,
  none,  // answered here: a warm-up for an upstream that knows none, or a turn that was interrupted
};

class SocketTurn final : public ClientTurn,
                         public TurnTransport,
                         public std::enable_shared_from_this<SocketTurn> {
 public:
  // The lane, and what it is in, outlive the turn: `owner` is kept alive by it.
  SocketTurn(SocketContext& context, Lane& lane, std::shared_ptr<const ClientMessage> message,
             std::shared_ptr<TurnOwner> owner);
  ~SocketTurn() override;

  // It is refused: all that comes of it is its record and an error for the client. `bytes`: of the
  // message as it came.
  void refuse(Error error, std::size_t bytes);
  // The client wants no more of this answer. false: the lane's upstream has the turn, and is to
  // hear of it.
  bool interrupt(PartialItems partial);
  // What this turn holds beside what its upstream connection has not sent yet.
  std::size_t held_bytes() const;

  // ClientTurn
  const Error* refusal() const override { return refusal_ ? &*refusal_ : nullptr; }
  std::size_t bytes() const override { return bytes_; }
  std::string_view text() const override { return message_->text(); }
  const BodyFields& body() const override { return message_->body; }
  std::shared_ptr<const History> remembered() override;
  void continue_from(std::shared_ptr<const History> history) override {
    history_ = std::move(history);
  }
  std::string_view input() const override { return member(message_->members, "input"); }
  void put_input(std::string_view items) override;
  std::optional<Error> prepare(const Lease& lease, const Dialect& dialect,
                               Request& request) override;
  std::size_t bytes_to_write() const override { return text_.size(); }
  std::string write() const override { return text_.write(); }
  TurnTransport& transport() override { return *this; }
  Task<bool> drop_encrypted_items(ExchangeContext& exchange) override;
  void answered(StoredResponse response, Answered then) override;
  void release() override;
  SocketAnswer& answer() override { return answer_; }

  // TurnTransport
  std::unique_ptr<UpstreamTransfer> start(UpstreamRequest request, std::string& body,
                                          TurnHandler& handler) override;

  // For its TurnTransfer.
  SocketContext& context() { return context_; }
  Lane& lane() { return lane_; }
  // No upstream over HTTP is asked for it.
  bool answered_here() const { return interrupted_ || !message_->generate; }
  // It builds on a response, and what that amounts to is remembered here.
  bool continues_known() const { return history_ != nullptr; }
  // What to send to the lane's upstream as it is now: the message, made whole where that upstream
  // does not remember what it continues.
  TurnText socket_text() const;
  // Whether what was written for the lane's upstream is still what it needs.
  bool written_fits() const { return text_.form() == socket_text().form(); }
  // Error: nobody remembers what it continues.
  Result<TurnText> http_text() const;
  // For http_text(); `headers` has what else the request sends.
  void add_http_headers(Headers& headers) const;
  // A fresh connection for this turn.
  void connect(const UpstreamRequest& request);
  void remember_refusal();
  // How the upstream is spoken to over the lane's socket.
  const SocketDialect& socket_dialect() const { return *dialect_->socket(); }
  // None: the client has not interrupted it.
  std::optional<PartialItems> interrupted() const { return interrupted_; }
  // Events that the upstream does not send itself: of a warm-up, or the end of what was
  // interrupted. `facts`: of the answer so far.
  std::vector<std::string> own_events(const AnswerFacts& facts) const;
  void on_transfer_gone() { transfer_ = nullptr; }

 private:
  std::size_t history_bytes() const;
  void remember(const std::shared_ptr<const History>& history);
  bool upstream_usable() const;
  // What it continues is a conversation, and no response.
  bool in_conversation() const {
    return message_->previous_response_id.empty() && history_ != nullptr;
  }
  std::string new_response_id() const;

  SocketContext& context_;
  Lane& lane_;
  std::shared_ptr<const ClientMessage> message_;
  std::size_t bytes_;  // of the message as it came
  std::optional<Error> refusal_;
  std::shared_ptr<TurnOwner> owner_;
  SocketAnswer answer_;
  TurnTransfer* transfer_ = nullptr;
  std::shared_ptr<const History> history_;  // that it continues, if it is known here
  // Of one that had to be made whole: the conversation that it is a turn of, and what it adds.
  std::shared_ptr<const History> added_to_;
  std::string added_input_;

  Transport transport_ = Transport::http;
  std::string resource_id_;
  ResourceState* state_ = nullptr;  // of that resource
  std::string model_;               // that the message names; "" = as the client has named it
  const Dialect* dialect_ = nullptr;
  std::optional<PartialItems> interrupted_;
  TurnText text_;                  // in the form for that
  std::size_t written_bytes_ = 0;  // of what was, or is, made of it and is not on its way
};

}  // namespace responses_proxy
