#include "proxy/web_socket/turn_text.h"

#include <optional>
#include <utility>

namespace responses_proxy {

TurnText::TurnText(Form form, std::shared_ptr<const ClientMessage> message,
                   std::shared_ptr<const History> history, std::string model)
    : form_(form),
      message_(std::move(message)),
      history_(std::move(history)),
      model_(std::move(model)) {}

std::size_t TurnText::size() const {
  return (message_ ? message_->text().size() : 0) + (history_ ? history_->bytes() : 0);
}

std::string TurnText::write() const {
  switch (form_) {
    case Form::message:
      break;
    case Form::whole:
      return with_history(*message_, history_->lists(), model_);
    case Form::http: {
      std::optional<JsonPieces> history;
      if (history_) history = history_->lists();
      return http_body(*message_, history, model_);
    }
  }
  return named(*message_, model_);
}

}  // namespace responses_proxy
