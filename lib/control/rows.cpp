#include "control/rows.h"

#include "control/time_text.h"
#include "storage/record_json.h"

namespace responses_proxy::control {

namespace {

Json number_or_null(const std::optional<std::int64_t>& number) {
  return number ? Json(*number) : Json(nullptr);
}

Json millis_or_null(const std::optional<std::chrono::microseconds>& duration) {
  return duration ? Json(to_millis(*duration)) : Json(nullptr);
}

void add_usage(Json& row, const TokenUsage& usage) {
  row["input_tokens"] = number_or_null(usage.input);
  row["output_tokens"] = number_or_null(usage.output);
  row["total_tokens"] = number_or_null(usage.total);
  row["cached_tokens"] = number_or_null(usage.cached);
  row["reasoning_tokens"] = number_or_null(usage.reasoning);
}

Json to_attempt(const AttemptRecord& attempt) {
  return {{"resource_id", attempt.resource_id},
          {"provider_id", text_or_null(attempt.provider_id)},
          {"pool_id", text_or_null(attempt.pool_id)},
          {"reason", attempt.reason.text()},
          {"started_at", format_time(attempt.started_at)},
          {"duration_ms", to_millis(attempt.duration)},
          {"first_byte_ms", millis_or_null(attempt.first_byte)},
          {"status_code", attempt.status_code == 0 ? Json(nullptr) : Json(attempt.status_code)},
          {"blame", attempt.blame.text()},
          {"error", text_or_null(attempt.error)},
          {"upstream_request_id", text_or_null(attempt.upstream_request_id)}};
}

void add_attempts(Json& row, const std::vector<AttemptRecord>& attempts) {
  row["attempts"] = Json::array();
  for (const AttemptRecord& attempt : attempts) row["attempts"].push_back(to_attempt(attempt));
}

const char* key_name(UsageBy by) {
  switch (by) {
    case UsageBy::day:
      return "day";
    case UsageBy::model:
      return "model";
    case UsageBy::resource:
      return "resource_id";
    case UsageBy::session:
      return "session_id";
  }
  return "";
}

}  // namespace

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

double to_millis(std::chrono::microseconds duration) {
  return static_cast<double>(duration.count()) / 1000.0;
}

Json to_row(const RequestRecord& record) {
  // The resource that made the answer.
  const AttemptRecord last = record.attempts.empty() ? AttemptRecord{} : record.attempts.back();
  Json row{{"request_id", record.request_id},
           {"client_request_id", text_or_null(record.client_request_id)},
           {"session_id", text_or_null(record.session_id)},
           {"session_name", text_or_null(record.session_name)},
           {"resource_id", text_or_null(last.resource_id)},
           {"provider_id", text_or_null(last.provider_id)},
           {"pool_id", text_or_null(last.pool_id)},
           {"requested_pool_id", text_or_null(record.requested_pool_id)},
           {"model", text_or_null(record.model)},
           {"model_alias", text_or_null(record.model_alias)},
           {"status_code", record.status_code}};
  add_usage(row, record.usage);
  row["created_at"] = format_time(record.created_at);
  row["timings"] = {{"duration_ms", to_millis(record.duration)},
                    {"first_byte_ms", millis_or_null(record.first_byte)},
                    {"proxy_ms", to_millis(record.proxy_time)}};
  row["method"] = record.method;
  row["path"] = record.path;
  row["stream"] = record.stream;
  row["completed"] = record.completed;
  row["blame"] = record.blame.text();
  row["error"] = text_or_null(record.error);
  row["adjusted"] = text_or_null(record.adjusted);
  row["response_id"] = text_or_null(record.response_id);
  row["previous_response_id"] = text_or_null(record.previous_response_id);
  row["request_bytes"] = record.request_bytes;
  row["response_bytes"] = record.response_bytes;
  row["text_bytes"] = record.text_bytes;
  add_attempts(row, record.attempts);
  return row;
}

Json to_row(const DecisionRow& decision) {
  return {{"request_id", decision.request_id},
          {"session_id", text_or_null(decision.session_id)},
          {"session_name", text_or_null(decision.session_name)},
          {"resource_id", decision.resource_id},
          {"pool_id", text_or_null(decision.pool_id)},
          {"reason", decision.reason},
          {"attempt", decision.attempt},
          {"created_at", format_time(decision.created_at)}};
}

Json to_row(const SessionRow& session) {
  Json row{{"session_id", session.session_id},
           {"session_name", text_or_null(session.session_name)},
           {"last_resource_id", text_or_null(session.last_resource_id)},
           {"last_pool_id", text_or_null(session.last_pool_id)},
           {"last_model", text_or_null(session.last_model)},
           {"last_status_code", session.last_status_code},
           {"created_at", format_time(session.created_at)},
           {"last_seen_at", format_time(session.last_seen_at)},
           {"request_count", session.request_count},
           {"error_count", session.error_count}};
  add_usage(row, session.usage);
  return row;
}

Json to_event(const RequestRecord& record) {
  const std::string type = "request.completed";
  return {{"event_id", record.request_id + ":" + type},  // the same whenever it is asked for
          {"type", type},
          {"request_id", record.request_id},
          {"created_at", format_time(record.created_at)},
          {"payload", record_to_json(record)}};
}

Json to_row(const UsageRow& usage, UsageBy by) {
  Json row{{key_name(by), text_or_null(usage.key)},
           {"requests", usage.requests},
           {"errors", usage.errors}};
  add_usage(row, usage.usage);
  return row;
}

}  // namespace responses_proxy::control
