// Statements that fill the tables as a long time of traffic does; both databases understand them.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace responses_proxy::testing {

// Of the first request; one comes each second. It is at_second(0).
inline constexpr std::int64_t kFirstMicros = 1'795'219'200'000'000;

// `series`: what has a column i that counts from 0. A million rows at most.
inline std::string fill_requests(const std::string& series) {
  return "INSERT INTO requests (request_id, created_at, method, path, stream, session_id, "
         "session_name, asked_pool_id, model, model_alias, previous_response_id, response_id, "
         "status_code, completed, blame, error, adjusted, input_tokens, output_tokens, "
         "total_tokens, cached_tokens, reasoning_tokens, request_bytes, response_bytes, "
         "text_bytes, duration_us, first_byte_us, proxy_us, resource_id, provider_id, pool_id, "
         "caller, summed) "
         // Ids without order.
         "SELECT 'req_' || (i * 7919 % 1000003), " +
         std::to_string(kFirstMicros) +
         " + i * 1000000, 'POST', '/v1/responses', 1, 's-' || (i % 20000), '', "
         "CASE WHEN i % 50 = 0 THEN 'wish-' || (i / 50 % 10) ELSE '' END, 'gpt-' || (i % 10), '', "
         "'', 'resp_' || i, CASE WHEN i % 100 = 0 THEN 500 + i / 100 % 4 ELSE 200 END, 1, 'none', "
         "'', '', 100, 20, 120, 60, 5, 4321, 98765, 1234, 812999, 401100, 97, "
         "'openai-' || (i % 8), 'environment', 'pool-' || (i % 3), 'caller-' || (i % 5000), 1 "
         "FROM " +
         series;
}

// What follows from the requests.
inline const std::array<std::string, 4> kFillTheRest{
    "INSERT INTO attempts (request_id, attempt, created_at, resource_id, provider_id, pool_id, "
    "reason, started_at, duration_us, first_byte_us, status_code, blame, error, "
    "upstream_request_id) SELECT request_id, 1, created_at, resource_id, provider_id, pool_id, "
    "'session_affinity', created_at, 812345, 401002, status_code, 'none', '', '' FROM requests",
    "INSERT INTO sessions (session_id, session_name, last_resource_id, last_pool_id, last_model, "
    "last_status_code, created_at, last_seen_at, request_count, error_count) "
    "SELECT session_id, '', MAX(resource_id), MAX(pool_id), MAX(model), 200, MIN(created_at), "
    "MAX(created_at), COUNT(*), 0 FROM requests GROUP BY session_id",
    "INSERT INTO usage_days SELECT created_at / 86400000000, '', model, resource_id, pool_id, "
    "asked_pool_id, caller, status_code, COUNT(*), 0, 1, 1, 1, 1, 1 FROM requests "
    "GROUP BY 1, 2, 3, 4, 5, 6, 7, 8",
    "INSERT INTO usage_session_days SELECT created_at / 86400000000, session_id, model, "
    "resource_id, pool_id, asked_pool_id, caller, status_code, COUNT(*), 0, 1, 1, 1, 1, 1 "
    "FROM requests GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"};

}  // namespace responses_proxy::testing
