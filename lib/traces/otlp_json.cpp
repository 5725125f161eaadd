#include "traces/otlp_json.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/counted_errors.h"
#include "core/json.h"
#include "responses_proxy/version.h"

namespace responses_proxy {

namespace {

// Numbers of the protocol's enumerations.
constexpr int kServer = 2;
constexpr int kClient = 3;
constexpr int kError = 2;

constexpr std::uint32_t kSampled = 1;
constexpr std::uint32_t kParentKnown = 0x100;  // whether the parent is remote is known
constexpr std::uint32_t kParentRemote = 0x200;

using std::chrono::microseconds;

// 64-bit numbers are texts in the JSON of protocol buffers.
std::string nanoseconds(WallTime time) {
  const auto since = std::chrono::floor<std::chrono::nanoseconds>(time.time_since_epoch());
  return std::to_string(since.count());
}

class Attributes {
 public:
  void text(const char* name, const std::string& value) {
    if (!value.empty()) add(name, {{"stringValue", value}});
  }
  void number(const char* name, std::int64_t value) {
    add(name, {{"intValue", std::to_string(value)}});
  }
  void number(const char* name, const std::optional<std::int64_t>& value) {
    if (value) number(name, *value);
  }
  void flag(const char* name, bool value) { add(name, {{"boolValue", value}}); }
  Json take() { return std::move(list_); }

 private:
  void add(const char* name, Json value) {
    list_.push_back({{"key", name}, {"value", std::move(value)}});
  }
  Json list_ = Json::array();
};

// https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
void add_usage(Attributes& attributes, const TokenUsage& usage) {
  attributes.number("gen_ai.usage.input_tokens", usage.input);
  attributes.number("gen_ai.usage.output_tokens", usage.output);
  attributes.number("gen_ai.usage.cache_read.input_tokens", usage.cached);
  attributes.number("gen_ai.usage.reasoning.output_tokens", usage.reasoning);
}

bool generates(const RequestRecord& record) {
  const bool asks = record.method == "POST" || record.method == "WEBSOCKET";
  return asks && !record.model.empty();
}

void add_model(Attributes& attributes, const RequestRecord& record, const std::string& model) {
  if (!generates(record)) return;
  attributes.text("gen_ai.operation.name", "chat");
  attributes.text("gen_ai.request.model", model);
  attributes.text("gen_ai.response.id", record.response_id);
}

std::string name_of(const RequestRecord& record, const std::string& model) {
  if (generates(record)) return "chat " + model;
  // Without what is different each time.
  const bool one = record.path.starts_with("/v1/responses/");
  return record.method + " " + (one ? "/v1/responses/{id}" : record.path);
}

// Providers by the names that OpenTelemetry has for them, others by their own.
std::string provider_of(const AttemptRecord& attempt) {
  return attempt.provider_id == "environment" ? "openai" : attempt.provider_id;
}

Json first_byte_event(WallTime start, const std::optional<microseconds>& after) {
  Json events = Json::array();
  if (after) {
    events.push_back({{"timeUnixNano", nanoseconds(start + *after)}, {"name", "first_byte"}});
  }
  return events;
}

Json status_of(bool failed, const std::string& error) {
  if (!failed) return Json::object();
  Json status{{"code", kError}};
  if (!error.empty()) status["message"] = error;
  return status;
}

struct Ids {
  const std::string& trace;
  const std::string& span;
  const std::string& parent;
};

Json span_of(const Ids& ids, int kind, WallTime start, microseconds duration) {
  Json span{{"traceId", ids.trace},
            {"spanId", ids.span},
            {"kind", kind},
            {"startTimeUnixNano", nanoseconds(start)},
            {"endTimeUnixNano", nanoseconds(start + duration)}};
  if (!ids.parent.empty()) span["parentSpanId"] = ids.parent;
  span["flags"] = kSampled | kParentKnown | (kind == kServer ? kParentRemote : 0);
  return span;
}

Json exchange_span(const TracedExchange& traced) {
  const RequestRecord& record = traced.record;
  const std::string& model = record.model_alias.empty() ? record.model : record.model_alias;
  const ExchangeTrace& trace = traced.trace;
  Json span = span_of({trace.trace_id, trace.span_id, trace.parent_span_id}, kServer,
                      record.created_at, record.duration);
  Attributes attributes;
  add_model(attributes, record, model);
  attributes.text("gen_ai.conversation.id", record.session_id);
  add_usage(attributes, record.usage);
  attributes.text("http.request.method", record.method == "WEBSOCKET" ? "GET" : record.method);
  attributes.text("url.path", record.path);
  attributes.number("http.response.status_code", std::int64_t{record.status_code});
  attributes.text("error.type", record.error);
  attributes.text("rp.request_id", record.request_id);
  attributes.text("rp.caller", record.caller);
  attributes.text("rp.blame", record.blame.text());
  attributes.text("rp.pool", record.requested_pool_id);
  attributes.flag("rp.websocket", record.method == "WEBSOCKET");
  attributes.flag("rp.stream", record.stream);
  attributes.flag("rp.completed", record.completed);
  attributes.number("rp.proxy_time_us", std::int64_t{record.proxy_time.count()});
  const bool failed = counts_as_error(record.blame);
  span["name"] = name_of(record, model);
  span["attributes"] = attributes.take();
  span["events"] = first_byte_event(record.created_at, record.first_byte);
  span["status"] = status_of(failed, record.error);
  return span;
}

Json attempt_span(const TracedExchange& traced, std::size_t number) {
  const RequestRecord& record = traced.record;
  const AttemptRecord& attempt = record.attempts[number];
  const ExchangeTrace& trace = traced.trace;
  Json span = span_of({trace.trace_id, trace.attempts[number], trace.span_id}, kClient,
                      attempt.started_at, attempt.duration);
  Attributes attributes;
  add_model(attributes, record, record.model);
  attributes.text("gen_ai.provider.name", provider_of(attempt));
  add_usage(attributes, attempt.usage);
  if (attempt.status_code != 0) {
    attributes.number("http.response.status_code", std::int64_t{attempt.status_code});
  }
  attributes.text("error.type", attempt.error);
  attributes.text("rp.resource_id", attempt.resource_id);
  attributes.text("rp.provider_id", attempt.provider_id);
  attributes.text("rp.pool_id", attempt.pool_id);
  attributes.text("rp.reason", attempt.reason.text());
  attributes.text("rp.blame", attempt.blame.text());
  attributes.number("rp.attempt", static_cast<std::int64_t>(number) + 1);
  attributes.text("rp.upstream_request_id", attempt.upstream_request_id);
  span["name"] = name_of(record, record.model);
  span["attributes"] = attributes.take();
  span["events"] = first_byte_event(attempt.started_at, attempt.first_byte);
  span["status"] = status_of(attempt.blame != Blame::none, attempt.error);
  return span;
}

}  // namespace

std::string otlp_json(std::span<const TracedExchange> exchanges, const TraceResource& resource) {
  Json spans = Json::array();
  for (const TracedExchange& traced : exchanges) {
    spans.push_back(exchange_span(traced));
    const std::size_t known = std::min(traced.record.attempts.size(), traced.trace.attempts.size());
    for (std::size_t i = 0; i < known; ++i) spans.push_back(attempt_span(traced, i));
  }
  Attributes attributes;
  for (const auto& [name, value] : resource) attributes.text(name.c_str(), value);
  const Json scope{{"name", "responses_proxy"}, {"version", std::string(kVersion)}};
  const Json scope_spans{{"scope", scope}, {"spans", std::move(spans)}};
  const Json all{{"resource", {{"attributes", attributes.take()}}},
                 {"scopeSpans", Json::array({scope_spans})}};
  return dump(Json{{"resourceSpans", Json::array({all})}});
}

}  // namespace responses_proxy
