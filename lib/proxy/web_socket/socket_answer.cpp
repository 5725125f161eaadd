#include "proxy/web_socket/socket_answer.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "dialects/headers.h"
#include "dialects/responses/made_up_events.h"
#include "responses_proxy/error.h"

namespace responses_proxy {

SocketAnswer::SocketAnswer(SocketContext& context, Lane& lane, std::string continues,
                           std::shared_ptr<TurnOwner> owner)
    : context_(context), lane_(lane), continues_(std::move(continues)), owner_(std::move(owner)) {}

// Forward only: an answer that breaks off ends as an error wherever it stood.
void SocketAnswer::go_to(Stage next) {
  assert(stage_ != Stage::ended && (next > stage_ || next == Stage::error));
  stage_ = next;
}

void SocketAnswer::start(ResponseHead head) {
  head_ = std::move(head);
  if (head_.status >= 300 || !is_event_stream(head_.headers)) return go_to(Stage::error);
  go_to(Stage::stream);
  const std::string metadata = metadata_message(head_.headers);
  if (!metadata.empty()) owner_->send(lane_, metadata, false);
  const std::string catalog = catalog_message(head_.headers);
  if (!catalog.empty()) owner_->send(lane_, catalog, false);
}

bool SocketAnswer::event(const AnswerEvent& event) {
  // What would be the next turn's to its client.
  if (is_catalog_message(event.type, event.json)) return !told_to_wait_;
  const bool of_an_answer = event.type.starts_with("response.") || event.type == "error";
  if (stage_ == Stage::complete && of_an_answer) return !told_to_wait_;
  if (stage_ == Stage::stream && event.state != AnswerState::open) go_to(Stage::complete);
  const bool more = owner_->send(lane_, event.json, event.names_stream);
  told_to_wait_ = told_to_wait_ || !more;
  return more;
}

// Between the events of a stream there is nothing for a socket.
bool SocketAnswer::write(std::string_view bytes) {
  if (stage_ == Stage::error) {
    error_body_.append(
        bytes.substr(0, kMaxErrorBytes - std::min(kMaxErrorBytes, error_body_.size())));
  }
  return true;
}

void SocketAnswer::finish() {
  if (stage_ == Stage::error) return finish_error();
  if (stage_ == Stage::stream) {
    owner_->send(lane_, failed_message(context_.dependencies.clock.wall()), false);
  }
  end();
}

void SocketAnswer::finish_error() {
  if (head_.status < 300) {
    head_.status = 502;
    error_body_ = Error::unavailable(502, "upstream_protocol",
                                     "The upstream answered a streamed request without a stream.")
                      .to_json();
  }
  owner_->send(lane_, error_message(head_.status, head_.headers, error_body_, lane_.name), true);
  // A continuation that failed takes what it continued with it, as upstream.
  if (!continues_.empty() && lane_.latest_response == continues_) {
    context_.conversations.forget({std::exchange(lane_.latest_response, {}), {}});
  }
  end();
}

void SocketAnswer::abort() {
  go_to(Stage::error);
  head_.status = 502;
  error_body_ =
      Error::unavailable(502, "upstream_truncated", "The upstream's answer broke off.").to_json();
  finish_error();
}

void SocketAnswer::end() {
  go_to(Stage::ended);
  observer_ = nullptr;
  owner_->on_turn_ended(lane_);
}

void SocketAnswer::on_writable() {
  if (std::exchange(told_to_wait_, false) && observer_ != nullptr) observer_->on_writable();
}

void SocketAnswer::on_client_gone() {
  if (ResponseObserver* observer = std::exchange(observer_, nullptr)) observer->on_closed();
}

}  // namespace responses_proxy
