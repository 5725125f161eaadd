#include "proxy/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "core/utf8_text.h"
#include "proxy/counted_usage.h"
#include "responses_proxy/gate.h"

namespace responses_proxy {

namespace {

constexpr int kClientClosedRequest = 499;  // nginx's word for "the client left"

// Ids that sort by time keep the database's index writes together.
std::string new_request_id(WallTime now, Random& random) {
  const auto since_epoch = std::chrono::duration_cast<Millis>(now.time_since_epoch());
  return fmt::format("req_{:012x}{:016x}", since_epoch.count(), random.next());
}

}  // namespace

Exchange::Exchange(const Config& config, const Dependencies& dependencies, ExchangeLoop loop,
                   Request request, std::shared_ptr<ResponseWriter> writer,
                   std::shared_ptr<ClientTurn> turn)
    : config_(config),
      dependencies_(dependencies),
      loop_(loop),
      request_(std::move(request)),
      capture_(config),
      mask_(loop.secrets.mask(), request_.headers),
      turn_(std::move(turn)),
      downstream_(std::move(writer), turn_ ? &turn_->answer() : nullptr, *this, capture_),
      arrived_(dependencies.clock.steady()) {
  record_.created_at = dependencies_.clock.wall();
  record_.request_id = new_request_id(record_.created_at, dependencies_.random);
  record_.client_request_id =
      bounded_id(utf8_text(request_.headers.get("x-request-id"), std::string::npos));
  record_.method = turn_ ? "WEBSOCKET" : request_.method;
  record_.path = request_.path;
  record_.request_bytes = static_cast<std::int64_t>(request_.body.size());
}

// The straight line.
Detached Exchange::run() {
  const std::shared_ptr<Exchange> self = shared_from_this();
  std::optional<Error> error = admit();
  if (!error) co_await read_body(error);
  if (!error) error = route();
  if (error) {
    refuse(*error);
  } else {
    co_await find_affinity();
    if (!interrupted()) co_await send_until_answered();  // pick, translate, send; with failover
    if (attempt_ || shutting_down_) co_await stream();
  }
  co_await record();
  loop_.owner.on_exchange_ended(*this);
}

std::optional<Error> Exchange::admit() {
  auto caller = dependencies_.gate->admit(request_);
  if (!caller) return caller.error();
  record_.caller = std::move(caller->name);
  if (request_.body.size() > config_.max_body_bytes) {
    return Error{413,
                 "invalid_request_error",
                 "body_too_large",
                 fmt::format("The request body has {} bytes; at most {} are taken "
                             "(PROXY_MAX_BODY_BYTES).",
                             request_.body.size(), config_.max_body_bytes),
                 "",
                 {}};
  }
  if (equals_ignore_case(request_.headers.get("upgrade"), "websocket")) {
    // 426 makes a client that can do both go on over HTTP at once.
    return Error{426,
                 "invalid_request_error",
                 "websocket_not_supported",
                 config_.websocket_enabled
                     ? "WebSocket is served on /v1/responses only; send this request over HTTP."
                     : "WebSocket is switched off here (PROXY_WEBSOCKET_ENABLED); send the request "
                       "over HTTP.",
                 "",
                 {}};
  }
  auto endpoint = classify(request_.method, request_.path);
  if (!endpoint) return endpoint.error();
  endpoint_ = *endpoint;
  return std::nullopt;
}

std::optional<Error> Exchange::route() {
  auto route = loop_.routing.route({facts_.model, facts_.pool_id});
  if (!route) {
    Error error = route.error();
    if (error.code == "unknown_pool") error.param = facts_.pool_param;
    return error;
  }
  route_ = std::move(*route);
  record_.model_alias = route_->alias;
  return std::nullopt;
}

std::optional<Lease> Exchange::pick(Error& out) {
  PickRequest request{*route_, {}, {}, preferred_reason_, tried_, facts_.model};
  if (pinned()) {
    request.required_resource = required_;
  } else if (!required_.empty()) {
    request.preferred_resource = required_;
    request.preferred_reason = SelectionReason::response_affinity;
  } else {
    request.preferred_resource = preferred_;
  }
  PickResult result = dependencies_.balancer.pick(request);
  if (auto* wait = std::get_if<Wait>(&result)) {
    out = std::move(wait->error);
  } else if (auto* reject = std::get_if<Reject>(&result)) {
    out = std::move(reject->error);
  } else {
    return std::get<Picked>(std::move(result));
  }
  return std::nullopt;
}

std::optional<Error> Exchange::translate_and_send(Lease lease) {
  const Resource& resource = lease.resource();
  dialect_ = dependencies_.dialects.find(resource.wire_api);
  if (dialect_ == nullptr) {
    return Error::unavailable(500, "unknown_wire_api",
                              fmt::format("No dialect speaks wire_api \"{}\" of resource {}.",
                                          resource.wire_api, resource.name));
  }
  if (turn_) {
    if (auto error = turn_->prepare(lease, *dialect_, request_)) return error;
  }
  record_.model = lease.model().empty() ? facts_.model : lease.model();
  // A turn that is prepared names the resource's model already.
  const std::string_view upstream_model = turn_ ? std::string_view() : lease.model();
  auto translated = dialect_->translate(
      {request_, record_.model, upstream_model, turn_ ? config_.websocket_state_bytes : 0,
       route_->alias, lease.capabilities()},
      resource);
  if (!translated) return translated.error();

  UpstreamCall& call = translated->call;
  UpstreamRequest request;
  request.method = std::move(call.method);
  request.url = std::move(call.url);
  request.headers = std::move(call.headers);
  request.body = request_.body;
  if (call.body) request.body = translated_body_ = std::move(*call.body);
  request.timeouts = {config_.connect_timeout, config_.first_byte_timeout, config_.idle_timeout,
                      config_.request_timeout};
  if (++attempts_ == 1) record_.proxy_time = elapsed();
  tried_.push_back(resource.id);
  if (dependencies_.on_decision) {
    dependencies_.on_decision({record_.request_id, facts_.session_id, facts_.session_name,
                               resource.id, lease.reason_word(), dependencies_.clock.wall()});
  }
  attempt_ =
      std::make_unique<Attempt>(std::move(lease), std::move(translated->answer),
                                dependencies_.clock, mask_, static_cast<AttemptObserver&>(*this));
  if (turn_) {
    attempt_->send(turn_->transport(), std::move(request));
  } else {
    attempt_->send(loop_.upstream, std::move(request));
  }
  return std::nullopt;
}

Task Exchange::stream() {
  if (!interrupted()) {
    if (attempt_->came_to_nothing()) {
      refuse(no_answer_error());
    } else {
      start_answer();
      while (!answer_over() && !interrupted()) {
        co_await progress_;
        forward_kept();
      }
      // Going down, an answer that is whole ends as it is: no replica, no slow client is waited
      // for.
      if (shutting_down_) give_kept();
      const bool whole = attempt_->over() && attempt_->facts().complete && !downstream_.gone();
      if (whole || end_delivered() || !interrupted()) end_answer();
    }
  }
  if (shutting_down_ && !downstream_.gone() && !downstream_.complete()) {
    end_truncated("The proxy is shutting down.");
    record_.error = "shutting_down";
  }
}

Task Exchange::record() {
  close_attempt();
  record_.status_code = downstream_.status();
  record_.response_bytes = downstream_.body_bytes();
  const bool left_early = downstream_.gone() && !end_delivered();
  record_.completed = record_.completed && !left_early;
  if (left_early) {
    record_.status_code = kClientClosedRequest;
    record_.blame = Blame::client;
    record_.error = "client_closed";
  } else if (record_.blame == Blame::none && !record_.attempts.empty()) {
    record_.blame = record_.attempts.back().blame;
  }
  record_.duration = elapsed();
  co_await aside(capture_.bytes() > kLargeBody, [this] { capture_.finish(mask_, record_); });
  mask_.apply(record_);
  dependencies_.telemetry.record(std::move(record_));
}

// ---- parts ----

// Puts the current attempt on record; its transfer ends.
void Exchange::close_attempt() {
  if (!attempt_) return;
  if (interrupted() && !attempt_->over()) {
    if (downstream_.gone()) {
      attempt_->abandon("client_closed", Blame::client);
    } else {
      attempt_->abandon("shutting_down", Blame::proxy);
    }
  } else {
    judge_attempt(attempt_->fault());
  }
  attempt_->cancel();
  record_.usage = counted_usage(endpoint_.kind, request_.method, attempt_->facts());
  record_.background = attempt_->facts().background;
  record_.text_bytes = attempt_->facts().text_bytes;
  if (downstream_.committed() && record_.error.empty()) {
    record_.error = attempt_->facts().error_code;
  }
  record_.attempts.push_back(attempt_->record());
  record_.attempts.back().usage = record_.usage;
  attempt_.reset();
}

std::chrono::microseconds Exchange::elapsed() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(dependencies_.clock.steady() -
                                                               arrived_);
}

void Exchange::on_writable() {
  downstream_.on_writable();
  if (attempt_) attempt_->resume();
}

void Exchange::on_closed() {
  downstream_.on_closed();
  if (attempt_) attempt_->cancel();  // frees the upstream at once
  progress_.fire();
}

void Exchange::shut_down() {
  shutting_down_ = true;
  if (attempt_) attempt_->cancel();
  progress_.fire();
}

}  // namespace responses_proxy
