#include "storage/record_json.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace responses_proxy {

namespace {

Json time_text(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto micros = std::chrono::floor<std::chrono::microseconds>(time - seconds);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(seconds), micros.count());
}

Json number(const std::optional<std::int64_t>& value) {
  return value ? Json(*value) : Json(nullptr);
}

// What was not captured is null, not an empty body.
Json body(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json micros(const std::optional<std::chrono::microseconds>& duration) {
  return duration ? Json(duration->count()) : Json(nullptr);
}

Json to_json(const TokenUsage& usage) {
  return {{"input_tokens", number(usage.input)},
          {"output_tokens", number(usage.output)},
          {"total_tokens", number(usage.total)},
          {"cached_tokens", number(usage.cached)},
          {"reasoning_tokens", number(usage.reasoning)}};
}

Json to_json(const AttemptRecord& attempt) {
  return {{"resource_id", attempt.resource_id},
          {"provider_id", attempt.provider_id},
          {"pool_id", attempt.pool_id},
          {"reason", attempt.reason.text()},
          {"started_at", time_text(attempt.started_at)},
          {"duration_us", attempt.duration.count()},
          {"first_byte_us", micros(attempt.first_byte)},
          {"status_code", attempt.status_code},
          {"blame", attempt.blame.text()},
          {"error", attempt.error},
          {"upstream_request_id", attempt.upstream_request_id}};
}

}  // namespace

Json record_to_json(const RequestRecord& record) {
  Json json{{"request_id", record.request_id},
            {"client_request_id", record.client_request_id},
            {"created_at", time_text(record.created_at)},
            {"method", record.method},
            {"path", record.path},
            {"stream", record.stream},
            {"session_id", record.session_id},
            {"session_name", record.session_name},
            {"requested_pool_id", record.requested_pool_id},
            {"model", record.model},
            {"model_alias", record.model_alias},
            {"previous_response_id", record.previous_response_id},
            {"response_id", record.response_id},
            {"status_code", record.status_code},
            {"completed", record.completed},
            {"blame", record.blame.text()},
            {"error", record.error},
            {"adjusted", record.adjusted},
            {"usage", to_json(record.usage)},
            {"request_bytes", record.request_bytes},
            {"response_bytes", record.response_bytes},
            {"text_bytes", record.text_bytes},
            {"duration_us", record.duration.count()},
            {"first_byte_us", micros(record.first_byte)},
            {"proxy_us", record.proxy_time.count()}};
  json["request_body"] = body(record.request_body);
  json["response_body"] = body(record.response_body);
  json["attempts"] = Json::array();
  for (const AttemptRecord& attempt : record.attempts) json["attempts"].push_back(to_json(attempt));
  return json;
}

}  // namespace responses_proxy
