#include "proxy/attempt.h"

#include <fmt/format.h>

#include <cassert>
#include <utility>

#include "core/event_stream.h"
#include "dialects/limit_meters.h"

namespace responses_proxy {

Attempt::Attempt(Lease lease, std::unique_ptr<Translation> translation, const Clock& clock,
                 const RecordMask& mask, AttemptObserver& observer, std::string_view model)
    : lease_(std::move(lease)),
      translation_(std::move(translation)),
      clock_(clock),
      mask_(mask),
      observer_(observer),
      started_(clock.steady()),
      resource_name_(lease_.resource().name),
      model_(model) {
  record_.resource_id = lease_.resource().id;
  record_.provider_id = lease_.resource().provider_id;
  record_.pool_id = lease_.resource().pool_id;
  record_.reason = lease_.reason_word();
  record_.started_at = clock.wall();
}

void Attempt::send(UpstreamClient& client, UpstreamRequest request) {
  transfer_ = client.start(std::move(request), *this);
}

void Attempt::send(TurnTransport& transport, UpstreamRequest request, std::string& body) {
  transfer_ = transport.start(std::move(request), body, *this);
}

void Attempt::on_head(int status, Headers headers) {
  go_to(Stage::begun);
  record_.status_code = status;
  record_.first_byte = elapsed();
  note_limits(headers);
  head_ = translation_->head(status, std::move(headers));
  record_.upstream_request_id = facts().upstream_request_id;
  observer_.on_progress();
}

void Attempt::event(const AnswerEvent& event) {
  if (event.type == kLimitsEvent) note_limits(limit_meters(event.json, clock_.wall()));
  sink_->event(event);
}

void Attempt::note_limits(const Headers& headers) const {
  if (headers.size() > 0) note_limits(limit_meters(headers, model_, clock_.wall()));
}

void Attempt::note_limits(std::vector<LimitMeter> meters) const {
  if (meters.empty() || judged_) return;
  for (LimitMeter& meter : meters) {
    meter.model = mask_.apply(meter.model);
    meter.name = mask_.apply(meter.name);
  }
  lease_.state().note_limits(std::move(meters));
}

// All that `give` brings is given out together. Whether more may come.
template <class Give>
bool Attempt::give_at_once(Give&& give) {
  if (!holding()) observer_.on_giving();
  std::forward<Give>(give)();
  return holding() || observer_.on_given();
}

template <class Give>
bool Attempt::take_in(Give&& give) {
  const bool more = give_at_once(std::forward<Give>(give));
  if (facts().event_too_large) return break_off();
  if (holding() && shown()) observer_.on_progress();
  return more;
}

bool Attempt::on_body(std::string_view bytes) {
  if (status() == 0) return break_off();  // a body without a head is no HTTP
  return take_in([&] { translation_->read(bytes, *this); });
}

bool Attempt::on_message(const UpstreamMessage& message) {
  return take_in([&] { translation_->take(message, *this); });
}

bool Attempt::on_interrupted(PartialItems partial) {
  bool said = false;
  take_in([&] { said = translation_->interrupt(partial, *this); });
  return said;
}

// They are of the Responses API, whatever the upstream speaks.
void Attempt::on_own_events(std::span<const std::string> events) {
  const auto dialect = make_responses_dialect();
  take_in([&] {
    for (const std::string& event : events) {
      const auto message = dialect->socket()->read(event);
      if (!message || (!own_ && translation_->take(*message, *this))) continue;
      if (!own_) {
        // If nothing of an answer has come, they are all of it.
        const std::size_t keep_output = facts().response_id.empty() ? kMaxEventBytes : 0;
        own_ = std::move(
            dialect->translate({.request = Request{}, .keep_output = keep_output}, Resource{})
                ->answer);
        own_->head(200, {{"content-type", kEventStream}});
      }
      own_->take(*message, *this);
    }
  });
}

void Attempt::on_refused(Error error) {
  refusal_ = std::move(error);
  go_to(Stage::ended);
  observer_.on_progress();
}

// The upstream breaks the rules: nothing more is read from it. The observer may destroy this
// attempt.
bool Attempt::break_off() {
  transfer_.reset();
  result_.error = UpstreamError::protocol;
  go_to(Stage::ended);
  observer_.on_progress();
  return false;
}

void Attempt::on_end(const UpstreamResult& result) {
  result_ = result;
  if (status() != 0 && result.error == UpstreamError::none) {
    give_at_once([&] { translation_->finish(*this); });
  }
  go_to(Stage::ended);
  // After its terminal event a stream is whole, however the connection ends.
  if (facts().state != AnswerState::open) result_.error = UpstreamError::none;
  observer_.on_progress();
}

bool Attempt::shown() const {
  // A document is held by its reader already: what comes from there is to go on.
  const std::size_t held = event_stream() ? kMaxHeld : 0;
  return over() || facts().substance || held_.size() > held;
}

UpstreamError Attempt::failure_so_far() const {
  if (!ended() || facts().substance) return UpstreamError::none;
  if (error() != UpstreamError::none || facts().complete) return error();
  return UpstreamError::truncated;  // an event stream that ended before it began
}

bool Attempt::came_to_nothing() const {
  return status() == 0 || (!event_stream() && failure_so_far() != UpstreamError::none);
}

ResponseHead Attempt::release(HeldAnswer& held) {
  sink_ = &observer_;
  held = std::exchange(held_, {});
  if (const int status = translation().revised_status()) head_.response.status = status;
  return std::move(head_.response);
}

// Why the answer is worth nothing. Once its status is known, an error has said enough, however its
// body ends.
UpstreamError Attempt::trouble() const {
  if (status() >= 400) return UpstreamError::none;
  if (result_.error != UpstreamError::none) return result_.error;
  const bool cut = status() < 300 && ended() && !facts().complete;
  return cut ? UpstreamError::truncated : UpstreamError::none;
}

bool Attempt::judge(const UpstreamFault& fault, const VerdictOptions& options) {
  if (judged_) return false;
  const UpstreamError failure = trouble();
  if (failure != UpstreamError::none) {
    // Why a connection did not come about is what an operator can act on.
    const std::string cause = is_connect_failure(failure) ? result_.detail : std::string();
    finish(verdict_of_failure(failure, options, result_.detail), blame_of_failure(failure),
           describe(failure, cause));
    return false;
  }
  note_limits(fault.headers);
  const Verdict verdict = verdict_of(fault, options);
  std::string error = status() >= 400 ? fmt::format("http_{}", status()) : std::string();
  if (fault.in_band) error = fault.code;
  finish(verdict, verdict.blame, std::move(error));
  return verdict.doubtful;
}

void Attempt::abandon(std::string error, Blame blame) {
  finish({}, blame, std::move(error));
}

void Attempt::finish(Verdict verdict, Blame blame, std::string error) {
  if (std::exchange(judged_, true)) return;
  verdict.reason = mask_.apply(verdict.reason);
  record_.duration = elapsed();
  record_.blame = blame;
  record_.error = std::move(error);
  lease_.finish(verdict, record_.first_byte.value_or(record_.duration), clock_.steady());
}

void Attempt::go_to(Stage next) {
  assert(next > stage_);
  stage_ = next;
}

std::chrono::microseconds Attempt::elapsed() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(clock_.steady() - started_);
}

}  // namespace responses_proxy
