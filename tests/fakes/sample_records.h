// RequestRecords with something in every field.
#pragma once

#include <string>

#include "responses_proxy/request_record.h"

namespace responses_proxy::testing {

inline WallTime at_second(std::int64_t second) {
  return WallTime(std::chrono::seconds(1795219200 + second));  // 2026-11-21T00:00:00Z and later
}

inline AttemptRecord sample_attempt(const std::string& resource_id, WallTime started_at) {
  AttemptRecord attempt;
  attempt.resource_id = resource_id;
  attempt.provider_id = "environment";
  attempt.pool_id = "default";
  attempt.reason = Word<SelectionReason>("weighted_least_connections");
  attempt.started_at = started_at;
  attempt.duration = std::chrono::microseconds(812'345);
  attempt.first_byte = std::chrono::microseconds(401'002);
  attempt.status_code = 200;
  attempt.upstream_request_id = "req_upstream_7";
  return attempt;
}

// One successful attempt at openai-1, in session "s-1".
inline RequestRecord sample_record(const std::string& request_id, WallTime created_at) {
  RequestRecord record;
  record.request_id = request_id;
  record.client_request_id = "client-" + request_id;
  record.caller = "alice";
  record.created_at = created_at;
  record.method = "POST";
  record.path = "/v1/responses";
  record.stream = true;
  record.session_id = "s-1";
  record.session_name = "first session";
  record.model = "gpt-5.5";
  record.model_alias = "codex/interactive";
  record.previous_response_id = "resp_before";
  record.response_id = "resp_of_" + request_id;
  record.status_code = 200;
  record.completed = true;
  record.usage = {100, 20, 120, 60, 5};
  record.request_bytes = 4'321;
  record.response_bytes = 98'765;
  record.text_bytes = 1'234;
  record.adjusted = "encrypted_items_dropped";
  record.duration = std::chrono::microseconds(812'999);
  record.first_byte = std::chrono::microseconds(401'100);
  record.proxy_time = std::chrono::microseconds(97);
  record.request_body = R"({"model":"gpt-5.5","input":"\u00e4 \"quoted\""})";
  record.response_body = "event: response.created\ndata: {}\n\n\xE6\x97\xA5";
  record.attempts = {sample_attempt("openai-1", created_at + std::chrono::microseconds(97))};
  record.attempts.front().usage = record.usage;
  return record;
}

// As a list has it.
inline RequestRecord without_bodies(RequestRecord record) {
  record.request_body.clear();
  record.response_body.clear();
  return record;
}

// Failed over from openai-1 to openai-2 of another pool, and failed there as well.
inline RequestRecord failed_record(const std::string& request_id, WallTime created_at) {
  RequestRecord record = sample_record(request_id, created_at);
  record.stream = false;
  record.requested_pool_id = "batch";
  record.status_code = 502;
  record.completed = false;
  record.blame = Blame::provider;
  record.error = "upstream_unreachable";
  record.usage = {};
  record.response_body.clear();
  record.first_byte.reset();
  AttemptRecord& first = record.attempts.front();
  first.reason = SelectionReason::session_affinity;
  first.status_code = 429;
  first.blame = Blame::resource;
  first.error = "http_429";
  first.usage = {};
  AttemptRecord second = sample_attempt("openai-2", created_at + std::chrono::seconds(1));
  second.pool_id = "batch";
  second.reason = SelectionReason::failover;
  second.first_byte.reset();
  second.status_code = 0;
  second.blame = Blame::provider;
  second.error = "connect";
  second.upstream_request_id.clear();
  record.attempts.push_back(second);
  return record;
}

}  // namespace responses_proxy::testing
