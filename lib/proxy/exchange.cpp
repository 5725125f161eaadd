#include "proxy/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <variant>

#include "health/verdict.h"
#include "proxy/retry_table.h"
#include "route/endpoint.h"

namespace responses_proxy {

namespace {

constexpr int kClientClosedRequest = 499;  // nginx's word for "the client left"

std::string new_request_id(Random& random) {
  return fmt::format("req_{:016x}{:016x}", random.next(), random.next());
}

}  // namespace

Exchange::Exchange(const Config& config, const Dependencies& dependencies, UpstreamClient& upstream,
                   ExchangeOwner& owner, Request request, std::shared_ptr<ResponseWriter> writer)
    : config_(config),
      dependencies_(dependencies),
      upstream_(upstream),
      owner_(owner),
      request_(std::move(request)),
      writer_(std::move(writer)),
      arrived_(dependencies.clock.steady()) {
  record_.request_id = new_request_id(dependencies_.random);
  record_.created_at = dependencies_.clock.wall();
  record_.method = request_.method;
  record_.path = request_.path;
  record_.request_bytes = static_cast<std::int64_t>(request_.body.size());
  writer_->observe(this);
}

// The straight line.
Detached Exchange::run() {
  const std::shared_ptr<Exchange> self = shared_from_this();
  std::optional<Error> error = admit();
  if (!error) error = route();
  if (error) {
    refuse(*error);
  } else {
    co_await find_affinity();
    co_await send_until_answered();  // pick, adapt, send; with failover
    if (attempt_) co_await stream();
  }
  record();
  owner_.on_exchange_ended(*this);
}

std::optional<Error> Exchange::admit() {
  if (!authorized()) {
    return Error{401,
                 "invalid_request_error",
                 "invalid_api_key",
                 "This proxy needs one of its client tokens: Authorization: Bearer <token>.",
                 "",
                 {}};
  }
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
                 "WebSocket is not served here; send the request over HTTP.",
                 "",
                 {}};
  }
  auto endpoint = classify(request_.method, request_.path);
  if (!endpoint) return endpoint.error();
  auto facts = read_request_facts(request_, *endpoint);
  if (!facts) return facts.error();
  endpoint_ = endpoint->kind;
  facts_ = std::move(*facts);
  record_.stream = facts_.stream;
  record_.session_id = facts_.session_id;
  record_.session_name = facts_.session_name;
  record_.pool_id = facts_.pool_id;
  record_.model = facts_.model;
  record_.previous_response_id = facts_.previous_response_id;
  return std::nullopt;
}

std::optional<Error> Exchange::route() {
  auto route = dependencies_.router.route({facts_.model, facts_.pool_id});
  if (!route) {
    Error error = route.error();
    if (error.code == "unknown_pool") error.param = facts_.pool_param;
    return error;
  }
  route_ = std::move(*route);
  return std::nullopt;
}

Task Exchange::find_affinity() {
  co_await look_up({AffinityKind::response, facts_.response_key()}, required_);
  if (required_.empty()) {
    co_await look_up({AffinityKind::session, facts_.session_id}, preferred_);
  }
}

// Leaves in attempt_ the attempt whose answer the client gets; none if it was refused.
Task Exchange::send_until_answered() {
  for (;;) {
    Error error;
    std::optional<Lease> lease = pick(error);
    if (!lease) {
      // Nobody else is left: the last answer, if there was one, says more than "all out".
      if (!attempt_) refuse(error);
      co_return;
    }
    close_attempt();
    if (auto rejected = adapt_and_send(std::move(*lease))) {
      refuse(*rejected);
      co_return;
    }
    while (!attempt_->begun() && !interrupted()) co_await progress_;
    if (interrupted()) co_return;
    // A bad start is known to other requests at once; a good one is judged when it has ended.
    if (attempt_->status() < 200 || attempt_->status() >= 300) judge(*attempt_);
    if (!moves_on()) co_return;
  }
}

std::optional<Lease> Exchange::pick(Error& out) {
  const bool prefer = config_.response_affinity == ResponseAffinityMode::prefer;
  PickRequest request{*route_, {}, {}, SelectionReason::session_affinity, tried_};
  if (!required_.empty() && !prefer) {
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

std::optional<Error> Exchange::adapt_and_send(Lease lease) {
  const Resource& resource = lease.resource();
  const auto adapter = dependencies_.adapters.find(resource.wire_api);
  if (adapter == dependencies_.adapters.end()) {
    return Error::unavailable(500, "unknown_wire_api",
                              fmt::format("No adapter serves wire_api \"{}\" of resource {}.",
                                          resource.wire_api, resource.id));
  }
  adapter_ = adapter->second;
  auto adapted = adapter_->adapt_request(request_, resource);
  if (!adapted) return adapted.error();

  UpstreamRequest request;
  request.method = std::move(adapted->method);
  request.url = std::move(adapted->url);
  request.headers = std::move(adapted->headers);
  if (adapted->body) sent_body_ = std::move(*adapted->body);
  request.body = adapted->body ? std::string_view(sent_body_) : std::string_view(request_.body);
  request.timeouts = {config_.connect_timeout, config_.first_byte_timeout, config_.idle_timeout,
                      config_.request_timeout};
  if (tried_.empty()) record_.proxy_time = elapsed();
  tried_.push_back(resource.id);
  remember_session(lease);
  if (dependencies_.on_decision) {
    dependencies_.on_decision({record_.request_id, facts_.session_id, facts_.session_name,
                               resource.id, lease.reason(), dependencies_.clock.wall()});
  }
  attempt_ = std::make_unique<Attempt>(std::move(lease), dependencies_.clock,
                                       static_cast<AttemptObserver&>(*this));
  attempt_->send(upstream_, std::move(request));
  return std::nullopt;
}

Task Exchange::stream() {
  if (attempt_->status() == 0) {
    if (!interrupted()) {
      refuse(no_answer_error());
      record_.blame = attempt_->record().blame;
    }
  } else {
    start_answer();
    while (!attempt_->ended() && !interrupted()) co_await progress_;
    if (!interrupted()) end_answer();
  }
  if (shutting_down_ && !client_gone_) end_truncated("The proxy is shutting down.");
}

void Exchange::record() {
  if (client_gone_) {
    record_.status_code = kClientClosedRequest;
    record_.blame = Blame::client;
    record_.error = "client_closed";
  }
  close_attempt();
  if (record_.blame == Blame::none && !record_.attempts.empty()) {
    record_.blame = record_.attempts.back().blame;
  }
  record_.duration = elapsed();
  dependencies_.telemetry.record(std::move(record_));
}

bool Exchange::authorized() const {
  if (config_.client_tokens.empty()) return true;
  std::string_view given = request_.headers.get("authorization");
  constexpr std::string_view kBearer = "Bearer ";
  if (given.size() < kBearer.size() ||
      !equals_ignore_case(given.substr(0, kBearer.size()), kBearer)) {
    return false;
  }
  given.remove_prefix(kBearer.size());
  return std::any_of(config_.client_tokens.begin(), config_.client_tokens.end(),
                     [given](const Secret& token) { return token.equals(given); });
}

Task Exchange::look_up(AffinityKey key, std::string& resource_id) {
  if (key.id.empty()) co_return;
  bool done = false;
  dependencies_.state.find_affinity(key, [this, self = shared_from_this(), &done,
                                          &resource_id](std::optional<std::string> found) {
    if (found) resource_id = std::move(*found);
    done = true;
    progress_.fire();
  });
  while (!done) co_await progress_;
}

void Exchange::remember_session(const Lease& lease) {
  if (facts_.session_id.empty() || lease.resource().id == preferred_) return;
  preferred_ = lease.resource().id;
  dependencies_.state.remember_affinity({AffinityKind::session, facts_.session_id}, preferred_, {});
}

// Before the client can see the end of the answer, so that a continuation finds its resource.
void Exchange::remember_answer() {
  const AnswerFacts& facts = reader_->facts();
  const std::string& resource_id = attempt_->record().resource_id;
  if (!facts.response_id.empty() && facts.response_id != record_.response_id) {
    record_.response_id = facts.response_id;
    dependencies_.state.remember_affinity({AffinityKind::response, facts.response_id}, resource_id,
                                          {});
  }
  if (!facts.conversation_id.empty() && facts.conversation_id != facts_.conversation_id) {
    facts_.conversation_id = facts.conversation_id;
    dependencies_.state.remember_affinity({AffinityKind::response, facts.conversation_id},
                                          resource_id, {});
  }
}

// Whether the attempt that has just begun is one to leave behind.
bool Exchange::moves_on() {
  AttemptStart start;
  start.error = attempt_->status() == 0 ? attempt_->error() : UpstreamError::none;
  start.status = attempt_->status();
  start.pinned = attempt_->reason() == SelectionReason::response_affinity &&
                 config_.response_affinity == ResponseAffinityMode::require;
  start.attempts_left = config_.max_attempts - std::min(config_.max_attempts, tried_.size());
  return next_step(start) == NextStep::other_resource;
}

void Exchange::start_answer() {
  ResponseHead head;
  head.status = attempt_->status();
  if (const auto length = attempt_->headers().find("content-length")) {
    std::uint64_t bytes = 0;
    const auto [end, error] =
        std::from_chars(length->data(), length->data() + length->size(), bytes);
    if (error == std::errc{} && end == length->data() + length->size()) head.content_length = bytes;
  }
  head.headers = std::move(attempt_->headers());
  reader_ = adapter_->adapt_answer(head.status, head.headers);
  head.headers.add("x-request-id", record_.request_id);
  head.headers.add("x-proxy-resource-id", attempt_->record().resource_id);
  head.headers.add("x-proxy-decision", std::string(to_string(attempt_->reason())));
  record_.status_code = head.status;
  record_.first_byte = elapsed();
  committed_ = true;
  writer_->start(std::move(head));
}

bool Exchange::on_answer_bytes(std::string_view bytes) {
  const std::string_view out = reader_->read(bytes);
  remember_answer();
  forward(out);
  // Once sent, the request's body is only memory.
  if (!request_.body.empty() && attempt_->body_sent()) {
    request_.body = {};
    sent_body_ = {};
  }
  return !writer_full_;
}

void Exchange::forward(std::string_view bytes) {
  if (bytes.empty() || client_gone_) return;
  record_.response_bytes += static_cast<std::int64_t>(bytes.size());
  if (!writer_->write(bytes)) writer_full_ = true;
}

void Exchange::end_answer() {
  if (attempt_->error() != UpstreamError::none) {
    end_truncated(
        fmt::format("The upstream's answer broke off ({}).", to_string(attempt_->error())));
    return;
  }
  const std::string_view rest = reader_->finish();
  remember_answer();
  forward(rest);
  const AnswerFacts& facts = reader_->facts();
  if (!facts.complete) {
    end_truncated("The upstream ended its stream without a terminal event.");
    return;
  }
  if (endpoint_ == EndpointKind::response && request_.method == "DELETE" &&
      record_.status_code < 300) {
    dependencies_.state.forget_affinity({AffinityKind::response, facts_.path_response_id});
  }
  record_.completed = true;
  writer_->finish();
}

void Exchange::end_truncated(std::string_view message) {
  const auto closing = reader_ ? reader_->failure(message) : std::nullopt;
  if (!committed_) {
    refuse(Error::unavailable(503, "shutting_down", std::string(message)));
  } else if (closing && !reader_->facts().complete) {
    forward(*closing);
    writer_->finish();
  } else {
    writer_->abort();
  }
  record_.error = shutting_down_ ? "shutting_down" : "truncated";
}

void Exchange::refuse(const Error& error) {
  if (client_gone_) return;
  const std::string body = error.to_json();
  ResponseHead head;
  head.status = error.status;
  head.content_length = body.size();
  head.headers.add("content-type", "application/json");
  head.headers.add("x-request-id", record_.request_id);
  if (error.retry_after > Millis::zero()) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(error.retry_after);
    head.headers.add("retry-after", std::to_string(seconds.count()));
  }
  if (error.status == 401) head.headers.add("www-authenticate", "Bearer");
  record_.status_code = error.status;
  record_.error = error.code;
  record_.blame = error.status < 500 && error.status != 429 ? Blame::client : Blame::proxy;
  record_.first_byte = elapsed();
  record_.response_bytes = static_cast<std::int64_t>(body.size());
  record_.completed = true;
  committed_ = true;
  writer_->start(std::move(head));
  writer_->write(body);
  writer_->finish();
}

Error Exchange::no_answer_error() const {
  const UpstreamError error = attempt_->error();
  const bool timeout = error == UpstreamError::connect_timeout ||
                       error == UpstreamError::first_byte_timeout ||
                       error == UpstreamError::total_timeout;
  return Error::unavailable(timeout ? 504 : 502, fmt::format("upstream_{}", to_string(error)),
                            fmt::format("The upstream of resource {} gave no answer ({}).",
                                        attempt_->record().resource_id, to_string(error)));
}

// What the attempt taught about its resource, and whose fault it was.
void Exchange::judge(Attempt& attempt) {
  const VerdictOptions options{config_.resource_cooldown};
  if (attempt.error() != UpstreamError::none) {
    attempt.finish(verdict_of_failure(attempt.error(), options), blame_of_failure(attempt.error()),
                   std::string(to_string(attempt.error())));
    return;
  }
  const int status = attempt.status();
  Verdict verdict =
      verdict_of_answer(status, attempt.headers(), dependencies_.clock.wall(), options);
  Blame blame = blame_of_status(status);
  std::string error = status >= 400 ? fmt::format("http_{}", status) : std::string();
  if (reader_ && status < 300 && !reader_->facts().complete) {
    verdict = verdict_of_failure(UpstreamError::truncated, options);
    blame = Blame::provider;
    error = to_string(UpstreamError::truncated);
  } else if (reader_ && reader_->facts().state == AnswerState::failed) {
    blame = Blame::provider;
    error = reader_->facts().error_code;
  }
  attempt.finish(verdict, blame, std::move(error));
}

// Puts the current attempt on record; its transfer ends.
void Exchange::close_attempt() {
  if (!attempt_) return;
  if (interrupted() && !attempt_->ended()) {
    attempt_->abandon(client_gone_ ? "client_closed" : "shutting_down");
  } else {
    judge(*attempt_);
  }
  attempt_->cancel();
  if (reader_) {
    record_.usage = reader_->facts().usage;
    if (record_.error.empty()) record_.error = reader_->facts().error_code;
  }
  record_.attempts.push_back(attempt_->record());
  attempt_.reset();
}

std::chrono::microseconds Exchange::elapsed() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(dependencies_.clock.steady() -
                                                               arrived_);
}

void Exchange::on_writable() {
  writer_full_ = false;
  if (attempt_) attempt_->resume();
}

void Exchange::on_closed() {
  client_gone_ = true;
  if (attempt_) attempt_->cancel();  // frees the upstream at once
  progress_.fire();
}

void Exchange::shut_down() {
  shutting_down_ = true;
  if (attempt_) attempt_->cancel();
  progress_.fire();
}

}  // namespace responses_proxy
