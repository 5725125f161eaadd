#include "proxy/web_socket/turn_transfer.h"

#include <fmt/format.h>

#include <cassert>
#include <utility>

#include "dialects/headers.h"
#include "proxy/aside.h"
#include "responses_proxy/web_socket.h"

namespace responses_proxy {

namespace {

Headers stream_head() {
  return {{"content-type", std::string(kEventStream)}};
}

// The upstream does not speak WebSocket here; what is said about this key or this moment is no
// refusal.
bool refuses_websocket(int status) {
  if (status >= 500) return status == 501;
  return status != 401 && status != 403 && status != 408 && status != 429;
}

// Why we close a connection: for what the upstream has sent (see UpstreamSocketHandler::on_close).
bool is_violation(std::uint16_t code) {
  return code == close_code::kProtocolError || code == close_code::kUnsupportedData ||
         code == close_code::kInvalidText || code == close_code::kTooBig;
}

}  // namespace

TurnTransfer::TurnTransfer(SocketTurn& turn, UpstreamRequest request, TurnHandler& handler)
    : turn_(turn),
      lane_(turn.lane()),
      request_(std::move(request)),
      handler_(handler),
      deadlines_(turn.context().timers, request_.timeouts, [this](UpstreamError error) {
        if (on_socket() && stage_ != Stage::ended) break_off(error);
      }) {}

TurnTransfer::~TurnTransfer() {
  turn_.on_transfer_gone();
  // An answer that nobody reads would meet the next turn.
  if (on_socket() && stage_ != Stage::ended) lane_.upstream.reset();
}

void TurnTransfer::start(Transport transport, std::string& body) {
  switch (transport) {
    case Transport::socket:
      start_socket(body);
      break;
    case Transport::http:
      path_ = Path::http;
      http_ = turn_.context().http.start(request_, *this);
      break;
    case Transport::none:
      turn_.context().loop.post([this, alive = std::weak_ptr<bool>(alive_)] {
        if (!alive.expired()) answer_locally();
      });
      break;
  }
}

void TurnTransfer::start_socket(std::string& body) {
  // It may have ended since the turn was prepared.
  if (lane_.upstream && !lane_.upstream->alive()) lane_.upstream.reset();
  const Path path = lane_.upstream ? Path::kept_socket : Path::fresh_socket;
  if (path == Path::fresh_socket) turn_.connect(request_);
  use_socket(path);
  deadlines_.start();
  request_.body = {};
  if (!turn_.written_fits()) return send_anew();
  send_on_socket(std::exchange(body, {}));
}

void TurnTransfer::send_anew() {
  write(turn_.socket_text(), &TurnTransfer::send_on_socket);
}

// Aside, if it is large. It is not sent if the attempt has taken another way by then.
void TurnTransfer::write(TurnText text, void (TurnTransfer::*then)(std::string written)) {
  writing_ = std::make_shared<bool>(true);
  const bool large = text.size() > kLargeBody;
  const auto written = std::make_shared<std::string>();
  aside(
      turn_.context().helpers, turn_.context().loop, large,
      [written, text = std::move(text)] { *written = text.write(); },
      [this, then, written, wanted = std::weak_ptr<bool>(writing_)] {
        if (wanted.expired()) return;
        writing_.reset();
        (this->*then)(std::move(*written));
      });
}

void TurnTransfer::use_socket(Path path) {
  path_ = path;
  lane_.upstream->claim(*this);
}

// Once per attempt: the connection was gone or used up before this turn had begun.
void TurnTransfer::reopen() {
  assert(path_ == Path::kept_socket && stage_ == Stage::waiting);
  lane_.upstream.reset();
  turn_.connect(request_);
  use_socket(Path::fresh_socket);
  send_anew();
}

void TurnTransfer::go_over_http() {
  deadlines_.stop();
  if (turn_.answered_here()) return answer_locally();
  auto text = turn_.http_text();
  if (!text) {
    go_to(Stage::ended);
    return handler_.on_refused(text.error());
  }
  write(std::move(*text), &TurnTransfer::start_http);
}

void TurnTransfer::start_http(std::string body) {
  http_body_ = std::move(body);
  request_.body = http_body_;
  turn_.add_http_headers(request_.headers);
  path_ = Path::http;
  http_ = turn_.context().http.start(request_, *this);
}

// An error that has begun is about to end the attempt by itself.
void TurnTransfer::interrupt() {
  if (stage_ == Stage::ended || (path_ == Path::none && !writing_)) return;
  if (stage_ == Stage::begun && !stream_) return;
  if (on_socket()) lane_.upstream->release();  // it has heard nothing of this turn
  deadlines_.stop();
  http_.reset();
  answer_locally();
}

void TurnTransfer::resume() {
  if (http_) {
    http_->resume();
  } else if (std::exchange(paused_, false) && lane_.upstream) {
    deadlines_.resume();
    lane_.upstream->resume();
  }
}

// ---- the lane's upstream ----

void TurnTransfer::on_open(const UpstreamSocketOpen& result) {
  if (result.status == 101) return;
  const UpstreamSocketOpen refusal = result;  // goes with the connection
  path_ = Path::none;
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

void TurnTransfer::on_message(std::string_view text) {
  deadlines_.on_heard();
  const auto message = turn_.socket_dialect().read(text);
  if (!message) return break_off(UpstreamError::protocol, "a message that is no JSON object");
  if (message->trouble != UpstreamMessage::Trouble::none && stage_ == Stage::waiting) {
    on_refusal(*message);
  } else if (message->trouble == UpstreamMessage::Trouble::connection_used_up) {
    break_off(UpstreamError::truncated, message->head.error_code);
  } else {
    forward(*message);
  }
}

// An error in place of an answer.
void TurnTransfer::on_refusal(const UpstreamMessage& error) {
  if (error.trouble == UpstreamMessage::Trouble::connection_used_up && path_ == Path::kept_socket) {
    reopen();
  } else if (forgotten(error)) {
    lane_.upstream->set_latest_response({});
    send_anew();
  } else {
    refuse(turn_.socket_dialect().refusal(error));
  }
}

// Once per attempt: the upstream does not know what the turn continues, but it is known here.
bool TurnTransfer::forgotten(const UpstreamMessage& error) {
  return error.trouble == UpstreamMessage::Trouble::id_unknown && turn_.continues_known() &&
         !std::exchange(made_whole_, true);
}

void TurnTransfer::forward(const UpstreamMessage& message) {
  const std::weak_ptr<bool> alive = alive_;
  const bool last = message.state != AnswerState::open;
  const bool head_due = stage_ == Stage::waiting;
  if (last) {
    // From here on the connection is the next turn's.
    go_to(Stage::ended);
    deadlines_.stop();
    lane_.upstream->release();
  } else if (head_due) {
    go_to(Stage::begun);
  }
  deadlines_.on_begun();
  if (head_due) handler_.on_head(200, stream_head());
  if (alive.expired()) return;
  const bool more = handler_.on_message(message);
  if (alive.expired()) return;
  if (last) {
    handler_.on_end({});
  } else if (!more && lane_.upstream) {
    paused_ = true;
    deadlines_.pause();
    lane_.upstream->pause();
  }
}

// The upstream forgets what the turn continued.
void TurnTransfer::refuse(const SocketRefusal& refusal) {
  lane_.upstream->set_latest_response({});
  lane_.upstream->release();
  deadlines_.stop();
  answer(refusal.status, refusal.headers, refusal.body);
}

void TurnTransfer::on_close(std::uint16_t code, const std::string&) {
  if (stage_ == Stage::waiting && path_ == Path::kept_socket) {
    reopen();
    return;
  }
  const UpstreamError lost =
      stage_ == Stage::begun ? UpstreamError::truncated : UpstreamError::closed;
  break_off(is_violation(code) ? UpstreamError::protocol : lost,
            fmt::format("WebSocket closed with {}", code));
}

// ---- HTTP ----

void TurnTransfer::on_head(int status, Headers headers) {
  go_to(Stage::begun);
  stream_ = status < 300 && is_event_stream(headers);
  handler_.on_head(status, std::move(headers));
}

bool TurnTransfer::on_body(std::string_view bytes) {
  return handler_.on_body(bytes);
}

void TurnTransfer::on_end(const UpstreamResult& result) {
  go_to(Stage::ended);
  handler_.on_end(result);
}

// ---- answers of our own, and the end ----

void TurnTransfer::answer_locally() {
  const std::weak_ptr<bool> alive = alive_;
  const bool head_due = stage_ == Stage::waiting;
  go_to(Stage::ended);
  if (head_due) handler_.on_head(200, stream_head());
  if (!alive.expired()) say_here();
  if (!alive.expired()) handler_.on_end({});
}

// The handler, and this with it, may be gone afterwards.
void TurnTransfer::say_here() {
  const std::weak_ptr<bool> alive = alive_;
  const auto interrupted = turn_.interrupted();
  const bool said = interrupted && handler_.on_interrupted(*interrupted);
  if (said || alive.expired()) return;
  handler_.on_own_events(turn_.own_events(handler_.facts()));
}

void TurnTransfer::answer(int status, Headers headers, std::string_view body) {
  const std::weak_ptr<bool> alive = alive_;
  const std::string kept(body);
  go_to(Stage::ended);
  handler_.on_head(status, std::move(headers));
  if (!alive.expired()) handler_.on_body(kept);
  if (!alive.expired()) handler_.on_end({});
}

// The connection is no good any more, and with it the attempt.
void TurnTransfer::break_off(UpstreamError error, std::string detail) {
  path_ = Path::none;
  lane_.upstream.reset();
  end(error, std::move(detail));
}

void TurnTransfer::end(UpstreamError error, std::string detail) {
  go_to(Stage::ended);
  deadlines_.stop();
  UpstreamResult result;
  result.error = error;
  result.detail = std::move(detail);
  handler_.on_end(result);
}

void TurnTransfer::go_to(Stage next) {
  assert(next > stage_);
  stage_ = next;
  if (next == Stage::ended) writing_.reset();
}

}  // namespace responses_proxy
