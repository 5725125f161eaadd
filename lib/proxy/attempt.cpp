#include "proxy/attempt.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace responses_proxy {

namespace {

std::optional<std::uint64_t> content_length(const Headers& headers) {
  const std::string_view text = headers.get("content-length");
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return bytes;
}

}  // namespace

Attempt::Attempt(Lease lease, const ProviderAdapter& adapter, const Clock& clock,
                 const RecordMask& mask, AttemptObserver& observer)
    : lease_(std::move(lease)),
      adapter_(adapter),
      clock_(clock),
      mask_(mask),
      observer_(observer),
      started_(clock.steady()) {
  record_.resource_id = lease_.resource().id;
  record_.provider_id = lease_.resource().provider_id;
  record_.pool_id = lease_.resource().pool_id;
  record_.reason = lease_.reason();
  record_.started_at = clock.wall();
}

void Attempt::send(UpstreamClient& client, UpstreamRequest request) {
  transfer_ = client.start(std::move(request), *this);
}

void Attempt::on_head(int status, Headers headers) {
  begun_ = true;
  record_.status_code = status;
  record_.first_byte = elapsed();
  record_.upstream_request_id = headers.get("x-request-id");
  if (status >= 300) bad_headers_ = headers;
  head_.status = status;
  head_.content_length = content_length(headers);
  reader_ = adapter_.adapt_answer(status, headers);
  head_.headers = std::move(headers);
  observer_.on_progress();
}

bool Attempt::on_body(std::string_view bytes) {
  if (!reader_) return break_off();  // a body without a head is no HTTP
  const std::string_view answer = reader_->read(bytes);
  if (!facts().event_too_large) return take(answer);
  if (holding_) {
    held_.append(answer);
  } else if (!answer.empty()) {
    observer_.on_answer_bytes(answer);
  }
  return break_off();
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

bool Attempt::take(std::string_view bytes) {
  if (!holding_) return observer_.on_answer_bytes(bytes);
  held_.append(bytes);
  if (shown()) observer_.on_progress();
  return true;
}

void Attempt::on_end(const UpstreamResult& result) {
  result_ = result;
  begun_ = true;
  const std::string_view rest =
      reader_ && result.error == UpstreamError::none ? reader_->finish() : std::string_view{};
  if (holding_) {
    held_.append(rest);
  } else if (!rest.empty()) {
    observer_.on_answer_bytes(rest);
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

int Attempt::effective_status() const {
  if (reader_ && facts().state == AnswerState::failed && status() < 300) {
    return status_of_error_code(facts().error_code);
  }
  return status();
}

UpstreamError Attempt::failure_so_far() const {
  if (!ended_ || facts().substance) return UpstreamError::none;
  if (error() != UpstreamError::none || facts().complete) return error();
  return UpstreamError::truncated;  // an event stream that ended before it began
}

bool Attempt::came_to_nothing() const {
  return status() == 0 || (!event_stream() && failure_so_far() != UpstreamError::none);
}

const AnswerFacts& Attempt::facts() const {
  static const AnswerFacts kNothing;
  return reader_ ? reader_->facts() : kNothing;
}

ResponseHead Attempt::release(std::string& held) {
  holding_ = false;
  held = std::move(held_);
  return std::move(head_);
}

std::optional<std::string> Attempt::failure(std::string_view message) const {
  return reader_ ? reader_->failure(message) : std::nullopt;
}

void Attempt::judge(const VerdictOptions& options) {
  // The status of an error answer says more than that its body broke off.
  if (result_.error != UpstreamError::none && status() < 300) {
    finish(verdict_of_failure(result_.error, options), blame_of_failure(result_.error),
           std::string(to_string(result_.error)));
    return;
  }
  const int meaning = effective_status();
  const Headers& asked = meaning == status() ? bad_headers_ : facts().error_headers;
  Verdict verdict = verdict_of_answer(meaning, asked, clock_.wall(), options);
  if (meaning != status()) {
    verdict.reason = facts().error_code;
    finish(verdict, blame_of_status(meaning), facts().error_code);
  } else if (status() < 300 && ended_ && !facts().complete) {
    finish(verdict_of_failure(UpstreamError::truncated, options), Blame::provider,
           std::string(to_string(UpstreamError::truncated)));
  } else {
    finish(verdict, blame_of_status(status()),
           status() >= 400 ? fmt::format("http_{}", status()) : std::string());
  }
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
