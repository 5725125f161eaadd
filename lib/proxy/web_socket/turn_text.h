// TurnText: the text in which a turn goes up. It holds all that writing it takes, so it can be
// written on whatever thread, and outlive the turn.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "proxy/web_socket/client_message.h"
#include "responses_proxy/conversations.h"

namespace responses_proxy {

class TurnText {
 public:
  enum class Form : std::uint8_t {
    message,  // as it came, for an upstream that remembers what it continues
    whole,    // with all that it continues in it
    http,     // the body of the HTTP request that does the same
  };

  TurnText() = default;
  // `history`: what goes up before the message's own items; null: nothing does. `model`: in place
  // of the client's name for it; "" = that one.
  TurnText(Form form, std::shared_ptr<const ClientMessage> message,
           std::shared_ptr<const History> history, std::string model);

  Form form() const { return form_; }
  // Of what is written, and about what writing it takes.
  std::size_t size() const;
  // Joined once, from where its parts stand.
  std::string write() const;

 private:
  Form form_ = Form::message;
  std::shared_ptr<const ClientMessage> message_;
  std::shared_ptr<const History> history_;
  std::string model_;
};

}  // namespace responses_proxy
