#include "proxy/answer_pump.h"

#include <cassert>
#include <utility>

#include "proxy/aside.h"
#include "proxy/exchange_context.h"
#include "proxy/phases/remember.h"

namespace responses_proxy {

void AnswerPump::begin(HeldAnswer held) {
  on_giving();
  held.give_to(*this);
  on_given();
}

bool AnswerPump::over() const {
  return (exchange_.attempt->ended() && exchange_.remembered.open == 0) || end_ == End::lingered;
}

bool AnswerPump::end_delivered() const {
  return end_ != End::ahead && !exchange_.downstream.full();
}

void AnswerPump::forward_kept() {
  if (exchange_.remembered.open > 0 || kept_.empty()) return;
  give_kept();
  if (!exchange_.downstream.full()) exchange_.attempt->resume();
}

void AnswerPump::give_kept() {
  if (kept_.empty()) return;
  exchange_.downstream.gather();
  kept_.give_to(exchange_.downstream);
  exchange_.downstream.flush();
  note_end();
}

void AnswerPump::on_progress() {
  exchange_.progress.fire();
}

void AnswerPump::on_giving() {
  exchange_.downstream.gather();
}

bool AnswerPump::on_given() {
  exchange_.downstream.flush();
  // Once sent, the request's body is only memory.
  if (!exchange_.request.body.empty() && exchange_.attempt->body_sent()) release_body(exchange_);
  return kept_.empty() && !exchange_.downstream.full();
}

void AnswerPump::event(const AnswerEvent& event) {
  const bool whole =
      event.state == AnswerState::completed || event.state == AnswerState::incomplete;
  if (whole) phases::keep_answer(exchange_);
  if (event.state == AnswerState::failed) phases::keep_failed_answer(exchange_);
  sink().event(event);
  note_end();
}

void AnswerPump::bytes(std::string_view bytes) {
  const AnswerState state = exchange_.attempt->facts().state;
  const bool whole = state == AnswerState::completed || state == AnswerState::incomplete;
  if (whole && !exchange_.attempt->event_stream()) phases::keep_answer(exchange_);
  sink().bytes(bytes);
}

AnswerSink& AnswerPump::sink() {
  phases::remember_answer(exchange_);
  const bool wait = exchange_.remembered.open > 0 && exchange_.attempt->facts().complete;
  return wait || !kept_.empty() ? static_cast<AnswerSink&>(kept_)
                                : static_cast<AnswerSink&>(exchange_.downstream);
}

void AnswerPump::note_end() {
  if (end_ != End::ahead || !exchange_.attempt->end_seen() || !kept_.empty()) return;
  go_to(End::forwarded);
  if (exchange_.attempt->ended()) return;
  patience_ = exchange_.loop.loop.timers().after(kMaxLinger, [this] {
    go_to(End::lingered);
    exchange_.progress.fire();
  });
}

void AnswerPump::go_to(End next) {
  assert((next == End::forwarded && end_ == End::ahead) ||
         (next == End::lingered && end_ == End::forwarded));
  end_ = next;
}

}  // namespace responses_proxy
