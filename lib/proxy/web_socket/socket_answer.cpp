#include "proxy/web_socket/socket_answer.h"

#include <algorithm>
#include <utility>

#include "proxy/web_socket/made_up_events.h"
#include "responses_proxy/error.h"

namespace responses_proxy {

namespace {

bool is_event_stream(const ResponseHead& head) {
  constexpr std::string_view kEventStream = "text/event-stream";
  return head.status < 300 &&
         equals_ignore_case(head.headers.get("content-type").substr(0, kEventStream.size()),
                            kEventStream);
}

}  // namespace

SocketAnswer::SocketAnswer(SocketContext& context, Lane& lane, std::string continues,
                           std::shared_ptr<TurnOwner> owner)
    : context_(context), lane_(lane), continues_(std::move(continues)), owner_(std::move(owner)) {}

void SocketAnswer::start(ResponseHead head) {
  head_ = std::move(head);
  streaming_ = is_event_stream(head_);
  if (!streaming_) return;
  const std::string metadata = metadata_message(head_.headers);
  if (!metadata.empty()) owner_->send(lane_, metadata);
}

bool SocketAnswer::event(const AnswerEvent& event) {
  // What would be the next turn's to its client.
  const bool of_an_answer = event.type.starts_with("response.") || event.type == "error";
  if (end_sent_ && of_an_answer) return !told_to_wait_;
  end_sent_ = end_sent_ || event.state != AnswerState::open;
  const bool more = owner_->send(lane_, event.json);
  told_to_wait_ = told_to_wait_ || !more;
  return more;
}

// Between the events of a stream there is nothing for a socket.
bool SocketAnswer::write(std::string_view bytes) {
  if (!streaming_) {
    error_body_.append(
        bytes.substr(0, kMaxErrorBytes - std::min(kMaxErrorBytes, error_body_.size())));
  }
  return true;
}

void SocketAnswer::finish() {
  if (!streaming_) return finish_error();
  if (!end_sent_) owner_->send(lane_, failed_message(context_.dependencies.clock.wall()));
  end();
}

void SocketAnswer::finish_error() {
  if (head_.status < 300) {
    head_.status = 502;
    error_body_ = Error::unavailable(502, "upstream_protocol",
                                     "The upstream answered a streamed request without a stream.")
                      .to_json();
  }
  owner_->send(lane_, error_message(head_.status, head_.headers, error_body_, lane_.name));
  // A continuation that failed takes what it continued with it, as upstream.
  if (!continues_.empty() && lane_.latest_response == continues_) {
    context_.conversations.forget({std::exchange(lane_.latest_response, {}), {}});
  }
  end();
}

void SocketAnswer::abort() {
  streaming_ = false;
  head_.status = 502;
  error_body_ =
      Error::unavailable(502, "upstream_truncated", "The upstream's answer broke off.").to_json();
  finish_error();
}

void SocketAnswer::end() {
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
