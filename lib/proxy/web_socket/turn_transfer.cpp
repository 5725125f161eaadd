#include "proxy/web_socket/turn_transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "adapt/responses/answer_facts.h"
#include "adapt/responses/event_type.h"
#include "core/json_members.h"
#include "health/verdict.h"
#include "proxy/web_socket/made_up_events.h"

namespace responses_proxy {

namespace {

constexpr std::string_view kLimitReached = "websocket_connection_limit_reached";
constexpr std::string_view kNotFound = "previous_response_not_found";

// Time-outs of sockets are in real time, as those of curl are.
SteadyTime now() {
  return std::chrono::steady_clock::now();
}

Headers stream_head() {
  return {{"content-type", "text/event-stream"}};
}

Headers json_head() {
  return {{"content-type", "application/json"}};
}

// The upstream does not speak WebSocket here; what is said about this key or this moment is no
// refusal.
bool refuses_websocket(int status) {
  if (status >= 500) return status == 501;
  return status != 401 && status != 403 && status != 408 && status != 429;
}

int number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

TurnTransfer::TurnTransfer(SocketTurn& turn, UpstreamRequest request, UpstreamHandler& handler)
    : turn_(turn),
      lane_(turn.lane()),
      request_(std::move(request)),
      handler_(handler),
      timer_(turn.context().loop.context()),
      started_(now()),
      last_heard_(started_) {}

TurnTransfer::~TurnTransfer() {
  turn_.on_transfer_gone();
  // An answer that nobody reads would meet the next turn.
  if (on_socket_ && !ended_) lane_.upstream.reset();
}

void TurnTransfer::start(Transport transport) {
  switch (transport) {
    case Transport::socket:
      start_socket();
      break;
    case Transport::http:
      http_ = turn_.context().http.start(request_, *this);
      break;
    case Transport::none:
      turn_.context().loop.post([this, alive = std::weak_ptr<bool>(alive_)] {
        if (!alive.expired()) answer_locally(turn_.warm_up());
      });
      break;
  }
}

void TurnTransfer::start_socket() {
  fresh_ = lane_.upstream == nullptr;
  if (fresh_) turn_.connect(request_);
  on_socket_ = true;
  lane_.upstream->claim(*this);
  lane_.upstream->send(std::string(request_.body));
  watch();
}

// Once per attempt: the connection was gone or used up before this turn had begun.
void TurnTransfer::reopen() {
  lane_.upstream.reset();
  turn_.connect(request_);
  fresh_ = true;
  on_socket_ = true;
  lane_.upstream->claim(*this);
  lane_.upstream->send(turn_.socket_message());
}

void TurnTransfer::go_over_http() {
  timer_.cancel();
  if (turn_.is_warm_up()) {
    answer_locally(turn_.warm_up());
    return;
  }
  auto body = turn_.http_message();
  if (!body) {
    answer(body.error().status, json_head(), body.error().to_json());
    return;
  }
  http_body_ = std::move(*body);
  request_.body = http_body_;
  turn_.add_http_headers(request_.headers);
  http_ = turn_.context().http.start(request_, *this);
}

void TurnTransfer::interrupt() {
  if (on_socket_ || ended_) return;
  http_.reset();
  answer_locally(turn_.interrupted());
}

void TurnTransfer::resume() {
  if (http_) {
    http_->resume();
  } else if (std::exchange(paused_, false) && lane_.upstream) {
    last_heard_ = now();
    lane_.upstream->resume();
  }
}

// ---- the lane's upstream ----

void TurnTransfer::on_open(const UpstreamSocketOpen& result) {
  if (result.status == 101) return;
  const UpstreamSocketOpen refusal = result;  // goes with the connection
  on_socket_ = false;
  lane_.upstream.reset();
  if (refusal.error != UpstreamError::none) {
    end(refusal.error, refusal.detail);
  } else if (refuses_websocket(refusal.status)) {
    turn_.remember_refusal();
    go_over_http();
  } else {
    answer(refusal.status, refusal.headers, refusal.body);
  }
}

void TurnTransfer::on_message(std::string_view message) {
  last_heard_ = now();
  const std::string_view type = event_type(message);
  const bool limit_reached =
      type == "error" && message.find(kLimitReached) != std::string_view::npos;
  if (limit_reached && begun_) {
    on_socket_ = false;
    lane_.upstream.reset();
    end(UpstreamError::truncated, std::string(kLimitReached));
  } else if (limit_reached && !fresh_) {
    reopen();
  } else if (type == "error" && !begun_ && forgotten(message)) {
    lane_.upstream->set_latest_response({});
    lane_.upstream->send(turn_.socket_message());
  } else if (type == "error" && !begun_) {
    refuse(message);
  } else {
    forward(type, message);
  }
}

// Once per attempt: the upstream does not know what the turn continues, but it is known here.
bool TurnTransfer::forgotten(std::string_view error_event) {
  return error_event.find(kNotFound) != std::string_view::npos && turn_.continues_known() &&
         !std::exchange(made_whole_, true);
}

void TurnTransfer::forward(std::string_view type, std::string_view message) {
  const std::weak_ptr<bool> alive = alive_;
  const bool last = state_after(type) != AnswerState::open && !is_steered(type, message);
  const std::string event = sse_event(message);
  if (last) {
    // From here on the connection is the next turn's.
    ended_ = true;
    timer_.cancel();
    lane_.upstream->release();
  }
  if (!std::exchange(begun_, true)) handler_.on_head(200, stream_head());
  if (alive.expired()) return;
  const bool more = handler_.on_body(event);
  if (alive.expired()) return;
  if (last) {
    handler_.on_end({});
  } else if (!more && lane_.upstream) {
    paused_ = true;
    lane_.upstream->pause();
  }
}

// An error in place of an answer. The upstream forgets what the turn continued.
void TurnTransfer::refuse(std::string_view error_event) {
  std::string text(error_event);
  const auto members = read_members(text).value_or(std::vector<JsonMember>{});
  std::string error(member(members, "error"));
  int status = number(member(members, "status"));
  if (status == 0) status = number(member(members, "status_code"));
  if (error_event.find(kLimitReached) != std::string_view::npos) status = 503;
  if (status < 400) {
    std::string copy = error;
    const auto fields = read_members(copy).value_or(std::vector<JsonMember>{});
    status = status_of_error_code(plain_string(member(fields, "code")));
  }
  Headers headers = json_head();
  std::string header_object(member(members, "headers"));
  for (const JsonMember& field : read_members(header_object).value_or(std::vector<JsonMember>{})) {
    const std::string_view value =
        field.value.starts_with('"') ? plain_string(field.value) : field.value;
    headers.add(std::string(field.key), std::string(value));
  }
  lane_.upstream->set_latest_response({});
  lane_.upstream->release();
  timer_.cancel();
  ended_ = true;
  answer(status, std::move(headers), "{\"error\":" + (error.empty() ? "{}" : error) + "}");
}

void TurnTransfer::on_close(std::uint16_t code, const std::string&) {
  on_socket_ = false;
  lane_.upstream.reset();
  if (!begun_ && !fresh_) {
    reopen();
  } else {
    end(begun_ ? UpstreamError::truncated : UpstreamError::closed,
        fmt::format("WebSocket closed with {}", code));
  }
}

// ---- HTTP ----

void TurnTransfer::on_head(int status, Headers headers) {
  begun_ = true;
  handler_.on_head(status, std::move(headers));
}

bool TurnTransfer::on_body(std::string_view bytes) {
  return handler_.on_body(bytes);
}

void TurnTransfer::on_end(const UpstreamResult& result) {
  ended_ = true;
  handler_.on_end(result);
}

// ---- answers of our own, and the end ----

void TurnTransfer::answer_locally(std::string stream) {
  const std::weak_ptr<bool> alive = alive_;
  ended_ = true;
  if (!std::exchange(begun_, true)) handler_.on_head(200, stream_head());
  if (!alive.expired()) handler_.on_body(stream);
  if (!alive.expired()) handler_.on_end({});
}

void TurnTransfer::answer(int status, Headers headers, std::string_view body) {
  const std::weak_ptr<bool> alive = alive_;
  const std::string kept(body);
  ended_ = true;
  begun_ = true;
  handler_.on_head(status, std::move(headers));
  if (!alive.expired()) handler_.on_body(kept);
  if (!alive.expired()) handler_.on_end({});
}

void TurnTransfer::end(UpstreamError error, std::string detail) {
  ended_ = true;
  timer_.cancel();
  UpstreamResult result;
  result.error = error;
  result.detail = std::move(detail);
  handler_.on_end(result);
}

// ---- time-outs of the socket; HTTP has its own ----

void TurnTransfer::watch() {
  const UpstreamTimeouts& limits = request_.timeouts;
  SteadyTime due = started_ + limits.total;
  if (!begun_ && limits.first_byte > Millis::zero()) {
    due = std::min(due, SteadyTime(started_ + limits.first_byte));
  }
  if (begun_ && !paused_ && limits.idle > Millis::zero()) {
    due = std::min(due, SteadyTime(last_heard_ + limits.idle));
  } else if (limits.idle > Millis::zero()) {
    // Look again: by then it may have begun, or the client may read.
    due = std::min(due, SteadyTime(now() + limits.idle));
  }
  timer_.expires_after(due - now());
  timer_.async_wait([this, alive = std::weak_ptr<bool>(alive_)](const auto& stopped) {
    if (!stopped && !alive.expired()) check_deadlines();
  });
}

void TurnTransfer::check_deadlines() {
  if (ended_ || !on_socket_) return;
  const UpstreamTimeouts& limits = request_.timeouts;
  const SteadyTime at = now();
  UpstreamError error = UpstreamError::none;
  if (at >= started_ + limits.total) {
    error = UpstreamError::total_timeout;
  } else if (!begun_ && limits.first_byte > Millis::zero() && at >= started_ + limits.first_byte) {
    error = UpstreamError::first_byte_timeout;
  } else if (begun_ && !paused_ && limits.idle > Millis::zero() &&
             at >= last_heard_ + limits.idle) {
    error = UpstreamError::idle_timeout;
  }
  if (error == UpstreamError::none) {
    watch();
    return;
  }
  on_socket_ = false;
  lane_.upstream.reset();
  end(error);
}

}  // namespace responses_proxy
