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
      started_(clock.steady()),
      resource_name_(lease_.resource().name) {
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

bool Attempt::failed_in_band() const {
  return reader_ && status() < 300 && facts().state == AnswerState::failed;
}

int Attempt::effective_status() const {
  const ErrorText error = error_text();
  return meaning_of(error.in_band ? status_of_error_code(error.code) : status(), error);
}

bool Attempt::refuses(std::string_view model) const {
  return refuses_model(effective_status(), error_text(), model);
}

ErrorText Attempt::error_text() const {
  const AnswerFacts& known = facts();
  return {known.error_code, known.error_type, known.error_message, failed_in_band()};
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

// How long to stay away, said in the head and in the body.
Headers Attempt::asked() const {
  Headers asked = facts().error_headers;
  for (const Header& header : bad_headers_) asked.add(header.name, header.value);
  return asked;
}

Verdict Attempt::verdict(const VerdictOptions& options) const {
  const ErrorText error = error_text();
  const int status = error.in_band ? status_of_error_code(error.code) : this->status();
  return verdict_of_answer(status, asked(), clock_.wall(), options, error);
}

// Why the answer is worth nothing. Once its status is known, an error has said enough, however its
// body ends.
UpstreamError Attempt::trouble() const {
  if (status() >= 400) return UpstreamError::none;
  if (result_.error != UpstreamError::none) return result_.error;
  const bool cut = status() < 300 && ended_ && !facts().complete;
  return cut ? UpstreamError::truncated : UpstreamError::none;
}

bool Attempt::judge(const VerdictOptions& options) {
  if (finished_) return false;
  const UpstreamError failure = trouble();
  if (failure != UpstreamError::none) {
    // Why a connection did not come about is what an operator can act on.
    const std::string cause = is_connect_failure(failure) ? result_.detail : std::string();
    finish(verdict_of_failure(failure, options, result_.detail), blame_of_failure(failure),
           describe(failure, cause));
    return false;
  }
  const Verdict verdict = this->verdict(options);
  std::string error = status() >= 400 ? fmt::format("http_{}", status()) : std::string();
  if (failed_in_band()) error = facts().error_code;
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
