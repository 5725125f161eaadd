#include "storage/record_json.h"

#include <doctest/doctest.h>

#include "fakes/sample_records.h"

using namespace responses_proxy;
using testing::at_second;

TEST_CASE("the payload of an event has everything of the record") {
  RequestRecord record = testing::failed_record("b", at_second(10) + std::chrono::microseconds(7));
  record.usage = {1, 2, 3, std::nullopt, 5};
  // Without an order of members.
  CHECK(nlohmann::json::parse(dump(record_to_json(record))) == nlohmann::json::parse(R"({
    "request_id":"b","client_request_id":"client-b","caller":"alice","background":false,"created_at":"2026-11-21T00:00:10.000007Z",
    "method":"POST","path":"/v1/responses","stream":false,
    "session_id":"s-1","session_name":"first session","requested_pool_id":"batch",
    "model":"gpt-5.5","model_alias":"codex/interactive",
    "previous_response_id":"resp_before","response_id":"resp_of_b",
    "status_code":502,"completed":false,"blame":"provider","error":"upstream_unreachable",
    "adjusted":"encrypted_items_dropped",
    "usage":{"input_tokens":1,"output_tokens":2,"total_tokens":3,"cached_tokens":null,
             "reasoning_tokens":5},
    "request_bytes":4321,"response_bytes":98765,"text_bytes":1234,
    "duration_us":812999,"first_byte_us":null,"proxy_us":97,
    "request_body":"{\"model\":\"gpt-5.5\",\"input\":\"\\u00e4 \\\"quoted\\\"\"}",
    "response_body":null,
    "attempts":[
      {"resource_id":"openai-1","provider_id":"environment","pool_id":"default",
       "reason":"session_affinity","started_at":"2026-11-21T00:00:10.000104Z",
       "duration_us":812345,"first_byte_us":401002,"status_code":429,"blame":"resource",
       "error":"http_429","upstream_request_id":"req_upstream_7",
       "usage":{"input_tokens":null,"output_tokens":null,"total_tokens":null,"cached_tokens":null,
               "reasoning_tokens":null}},
      {"resource_id":"openai-2","provider_id":"environment","pool_id":"batch",
       "reason":"failover","started_at":"2026-11-21T00:00:11.000007Z",
       "duration_us":812345,"first_byte_us":null,"status_code":0,"blame":"provider",
       "error":"connect","upstream_request_id":null,
       "usage":{"input_tokens":null,"output_tokens":null,"total_tokens":null,"cached_tokens":null,
               "reasoning_tokens":null}}]})"));
}
