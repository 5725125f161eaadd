// SocketTurn: one `response.create` of a client's socket on its way up: the form in which it goes
// to the resource that was picked, and what its answer adds to the conversation.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/client_turn.h"
#include "proxy/web_socket/client_message.h"
#include "proxy/web_socket/lane.h"
#include "proxy/web_socket/socket_answer.h"

namespace responses_proxy {

class TurnTransfer;

// How an attempt travels.
enum class Transport : std::uint8_t {
  socket,
  http,
  none,  // a warm-up for an upstream that knows none: answered here
};

class SocketTurn final : public ClientTurn, public TurnTransport {
 public:
  // The lane, and what it is in, outlive the turn: `owner` is kept alive by it.
  SocketTurn(SocketContext& context, Lane& lane, ClientMessage message,
             std::shared_ptr<TurnOwner> owner);
  ~SocketTurn() override;

  // The client wants no more of this answer. Only for transports other than the socket.
  void interrupt();
  // What this turn holds beside what its upstream connection has not sent yet.
  std::size_t held_bytes() const;

  // ClientTurn
  bool movable() const override;
  std::optional<Error> prepare(const Lease& lease, const Dialect& dialect,
                               Request& request) override;
  TurnTransport& transport() override { return *this; }
  bool drop_encrypted_items() override;
  void answered(const StoredResponse& response) override;
  SocketAnswer& answer() override { return answer_; }

  // TurnTransport
  std::unique_ptr<UpstreamTransfer> start(UpstreamRequest request, TurnHandler& handler) override;

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
  // How the upstream is spoken to over the lane's socket.
  const SocketDialect& socket_dialect() const { return *dialect_->socket(); }
  // Events that the upstream does not send itself. `facts`: of the answer so far.
  std::vector<std::string> warm_up() const;
  std::vector<std::string> interrupted(const AnswerFacts& facts) const;
  void on_transfer_gone() { transfer_ = nullptr; }

 private:
  std::optional<std::string> whole_input() const;
  std::string named(std::string message) const;
  bool upstream_usable() const;
  std::string new_response_id() const;

  SocketContext& context_;
  Lane& lane_;
  ClientMessage message_;
  std::shared_ptr<TurnOwner> owner_;
  SocketAnswer answer_;
  TurnTransfer* transfer_ = nullptr;
  // What it continues, when that is the latest response of another lane, which may move on.
  std::optional<std::string> forked_from_;

  Transport transport_ = Transport::http;
  std::string resource_id_;
  ResourceState* state_ = nullptr;  // of that resource
  std::string model_;               // that the message names; "" = as the client has named it
  const Dialect* dialect_ = nullptr;
  std::size_t request_bytes_ = 0;  // of the body made ready for that
};

}  // namespace responses_proxy
