#include "proxy/attempt.h"

#include <fmt/format.h>

#include <utility>

namespace responses_proxy {

Attempt::Attempt(Lease lease, std::unique_ptr<Translation> translation, const Clock& clock,
                 const RecordMask& mask, AttemptObserver& observer)
    : lease_(std::move(lease)),
      translation_(std::move(translation)),
      clock_(clock),
      mask_(mask),
      observer_(observer),
      started_(clock.steady()),
      resource_name_(lease_.resource().name) {
  record_.resource_id = lease_.resource().id;
  record_.provider_id = lease_.resource().provider_id;
  record_.pool_id = lease_.resource().pool_id;
  record_.reason = lease_.reason_word();
  record_.started_at = clock.wall();
}

void Attempt::send(UpstreamClient& client, UpstreamRequest request) {
  transfer_ = client.start(std::move(request), *this);
}

void Attempt::send(TurnTransport& transport, UpstreamRequest request) {
  transfer_ = transport.start(std::move(request), *this);
}

void Attempt::on_head(int status, Headers headers) {
  begun_ = true;
  record_.status_code = status;
  record_.first_byte = elapsed();
  head_ = translation_->head(status, std::move(headers));
  record_.upstream_request_id = facts().upstream_request_id;
  observer_.on_progress();
}

template <class Give>
bool Attempt::take_in(Give&& give) {
  if (!holding_) observer_.on_giving();
  std::forward<Give>(give)();
  const bool more = holding_ || observer_.on_given();
  if (facts().event_too_large) return break_off();
  if (holding_ && shown()) observer_.on_progress();
  return more;
}

bool Attempt::on_body(std::string_view bytes) {
  if (status() == 0) return break_off();  // a body without a head is no HTTP
  return take_in([&] { translation_->read(bytes, *this); });
}

bool Attempt::on_message(const UpstreamMessage& message) {
  return take_in([&] { translation_->take(message, *this); });
}

// They are of the Responses API, whatever the upstream speaks.
void Attempt::on_own_events(std::span<const std::string> events) {
  const auto dialect = make_responses_dialect();
  take_in([&] {
    for (const std::string& event : events) {
      const auto message = dialect->socket()->read(event);
      if (!message || (!own_ && translation_->take(*message, *this))) continue;
      if (!own_) {
        own_ = std::move(dialect->translate({Request{}, {}, {}}, Resource{})->answer);
        own_->head(200, {{"content-type", "text/event-stream"}});
      }
      own_->take(*message, *this);
    }
  });
}

// The upstream breaks the rules: nothing more is read from it. The observer may destroy this
// attempt.
bool Attempt::break_off() {
  transfer_.reset();
  result_.error = UpstreamError::protocol;
  begun_ = true;
  ended_ = true;
  observer_.on_progress();
  return false;
}

void Attempt::on_end(const UpstreamResult& result) {
  result_ = result;
  begun_ = true;
  if (status() != 0 && result.error == UpstreamError::none) {
    if (!holding_) observer_.on_giving();
    translation_->finish(*this);
    if (!holding_) observer_.on_given();
  }
  ended_ = true;
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
  if (!ended_ || facts().substance) return UpstreamError::none;
  if (error() != UpstreamError::none || facts().complete) return error();
  return UpstreamError::truncated;  // an event stream that ended before it began
}

bool Attempt::came_to_nothing() const {
  return status() == 0 || (!event_stream() && failure_so_far() != UpstreamError::none);
}

ResponseHead Attempt::release(HeldAnswer& held) {
  holding_ = false;
  held = std::exchange(held_, {});
  return std::move(head_.response);
}

// Why the answer is worth nothing. Once its status is known, an error has said enough, however its
// body ends.
UpstreamError Attempt::trouble() const {
  if (status() >= 400) return UpstreamError::none;
  if (result_.error != UpstreamError::none) return result_.error;
  const bool cut = status() < 300 && ended_ && !facts().complete;
  return cut ? UpstreamError::truncated : UpstreamError::none;
}

bool Attempt::judge(const UpstreamFault& fault, const VerdictOptions& options) {
  if (finished_) return false;
  const UpstreamError failure = trouble();
  if (failure != UpstreamError::none) {
    // Why a connection did not come about is what an operator can act on.
    const std::string cause = is_connect_failure(failure) ? result_.detail : std::string();
    finish(verdict_of_failure(failure, options, result_.detail), blame_of_failure(failure),
           describe(failure, cause));
    return false;
  }
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
  if (std::exchange(finished_, true)) return;
  verdict.reason = mask_.apply(verdict.reason);
  record_.duration = elapsed();
  record_.blame = blame;
  record_.error = std::move(error);
  lease_.finish(verdict, record_.first_byte.value_or(record_.duration), clock_.steady());
}

std::chrono::microseconds Attempt::elapsed() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(clock_.steady() - started_);
}

}  // namespace responses_proxy
