#include "sim/exchange/http_provider.h"

#include <algorithm>

namespace responses_proxy::sim {

namespace {

std::string_view path_of(std::string_view url) {
  const std::size_t path = url.find("/v1");
  return path == std::string_view::npos ? url : url.substr(path + 3);
}

// The id in ".../responses/<id>/...", "" if there is none.
std::string response_in_path(std::string_view url) {
  constexpr std::string_view kStart = "/responses/";
  std::string_view path = path_of(url);
  if (!path.starts_with(kStart)) return {};
  path.remove_prefix(kStart.size());
  return std::string(path.substr(0, path.find('/')));
}

}  // namespace

void HttpProvider::look() {
  for (; seen_ < upstream_.count(); ++seen_) {
    const auto call = std::make_shared<Call>(upstream_.at(seen_));
    calls_.push_back(call);
    plan(*call);
    go_on(call);
  }
  std::erase_if(calls_, [](const auto& call) { return call->sent.cancelled(); });
  for (const auto& call : std::vector(calls_)) {
    if (!call->paused || call->resumed == call->sent.resumed) continue;
    call->resumed = call->sent.resumed;
    call->paused = false;
    go_on(call);
  }
}

std::size_t HttpProvider::transfers_left() const {
  return static_cast<std::size_t>(std::count_if(
      calls_.begin(), calls_.end(), [](const auto& call) { return !call->sent.cancelled(); }));
}

void HttpProvider::plan(Call& call) {
  const std::string account = account_of_key(call.sent.request.headers.get("authorization"));
  const std::string in_path = response_in_path(call.sent.request.url);
  const std::string previous = text_member(call.sent.body, "previous_response_id");
  const bool unknown = (!in_path.empty() && !memory_.knows(account, in_path)) ||
                       (!previous.empty() && !memory_.knows(account, previous));
  switch (draw_.by_weight({74, 12, 8, 3, 3})) {
    case 0:
      return unknown ? plan_error(call, not_found_error()) : plan_answer(call, account);
    case 1:
      return plan_error(call, unknown ? not_found_error() : draw_error(draw_));
    case 2: {
      static const std::vector<UpstreamError> kNoConnection{UpstreamError::connect_refused,
                                                            UpstreamError::connect_name_not_found,
                                                            UpstreamError::connect_certificate,
                                                            UpstreamError::out_of_descriptors,
                                                            UpstreamError::connect_timeout,
                                                            UpstreamError::closed,
                                                            UpstreamError::protocol};
      return add_end(call, draw_.one_of(kNoConnection));
    }
    case 3:  // no head, until a time-out ends it
      call.steps.push_back({std::chrono::hours(1), {}});
      return;
    default:  // a head, and nothing behind it
      call.steps.push_back({draw_.pause(), [](Sent& sent) {
                              sent.stream();
                              return true;
                            }});
      call.steps.push_back({std::chrono::hours(1), {}});
  }
}

void HttpProvider::plan_answer(Call& call, const std::string& account) {
  const bool stream = call.sent.body.find("\"stream\":true") != std::string::npos;
  stream ? plan_stream(call, account) : plan_document(call, account);
}

void HttpProvider::plan_error(Call& call, const ErrorAnswer& error) {
  Headers headers = error.headers;
  headers.add("content-type", "application/json");
  call.steps.push_back({draw_.pause(), [error, headers](Sent& sent) {
                          sent.head(error.status, headers);
                          return true;
                        }});
  if (draw_.chance(85)) add_body(call, error_json(error), 3);
  add_end(call, draw_.chance(90) ? UpstreamError::none : UpstreamError::truncated);
}

void HttpProvider::plan_stream(Call& call, const std::string& account) {
  call.steps.push_back({draw_.pause(), [](Sent& sent) {
                          sent.stream();
                          return true;
                        }});
  const EventList list = draw_events(draw_, memory_.new_response(account));
  std::string text = as_stream(draw_, list);
  const bool cut = draw_.chance(12);
  if (cut) text.resize(draw_.below(text.size()));
  add_body(call, text, 12);
  // Behind the end of a stream some linger, some for ever.
  if (!cut && draw_.chance(5)) call.steps.push_back({std::chrono::hours(1), {}});
  add_end(call, cut ? UpstreamError::truncated : UpstreamError::none);
}

void HttpProvider::plan_document(Call& call, const std::string& account) {
  call.steps.push_back({draw_.pause(), [](Sent& sent) {
                          sent.document();
                          return true;
                        }});
  std::string text = draw_document(draw_, memory_.new_response(account));
  const bool cut = draw_.chance(10);
  if (cut) text.resize(draw_.below(text.size()));
  add_body(call, text, 3);
  add_end(call, cut ? UpstreamError::truncated : UpstreamError::none);
}

void HttpProvider::add_body(Call& call, const std::string& body, std::size_t most_pieces) {
  for (std::string& piece : draw_.cut(body, most_pieces)) {
    call.steps.push_back(
        {draw_.pause(), [piece = std::move(piece)](Sent& sent) { return sent.bytes(piece); }});
  }
}

void HttpProvider::add_end(Call& call, UpstreamError error) {
  call.steps.push_back({draw_.pause(), [error](Sent& sent) {
                          sent.end(error);
                          return true;
                        }});
}

// The next step, or the time-out that comes before it.
void HttpProvider::go_on(const std::shared_ptr<Call>& call) {
  if (call->sent.cancelled() || call->paused || call->steps.empty()) return;
  const UpstreamTimeouts& limits = call->sent.request.timeouts;
  Millis pause = call->steps.front().pause;
  UpstreamError late = UpstreamError::none;
  const auto limit = [&](Millis at_most, UpstreamError error) {
    if (pause < at_most) return;
    pause = at_most;
    late = error;
  };
  if (call->begun && limits.idle > Millis::zero()) limit(limits.idle, UpstreamError::idle_timeout);
  if (!call->begun && limits.first_byte > Millis::zero()) {
    limit(std::max(Millis(0), limits.first_byte - call->passed), UpstreamError::first_byte_timeout);
  }
  limit(std::max(Millis(0), limits.total - call->passed), UpstreamError::total_timeout);
  if (late != UpstreamError::none) {
    call->steps.clear();
    call->steps.push_back({pause, [late](Sent& sent) {
                             sent.end(late);
                             return true;
                           }});
  }
  script_.after(pause, [this, call, pause] {
    call->passed += pause;
    say_next(call);
  });
}

void HttpProvider::say_next(const std::shared_ptr<Call>& call) {
  if (call->sent.cancelled()) return;
  const Step step = std::move(call->steps.front());
  call->steps.pop_front();
  call->begun = true;
  const bool more = step.say(call->sent);
  if (call->sent.cancelled()) return;
  call->resumed = more ? call->resumed : call->sent.resumed;
  call->paused = !more;
  go_on(call);
}

}  // namespace responses_proxy::sim
