// What an answer, or the lack of one, says about a resource and about whose fault it was.
#pragma once

#include <string>
#include <string_view>

#include "responses_proxy/clock.h"
#include "responses_proxy/request.h"
#include "responses_proxy/request_record.h"
#include "responses_proxy/resource.h"
#include "responses_proxy/upstream_client.h"

namespace responses_proxy {

struct VerdictOptions {
  Millis cooldown{30'000};            // PROXY_RESOURCE_COOLDOWN_SECONDS
  Millis max_retry_after{3'600'000};  // PROXY_MAX_RETRY_AFTER_SECONDS
};

// The health an upstream status means: 2xx healthy; 401, 403 unhealthy; 429, >= 500 degraded; what
// the client caused (400, 404, 409, 413, 415, 422 and the other 4xx) says nothing: unknown.
Health health_of_status(int status);

// The status that an error reported inside a 200 stands for: 429 for limits, 503 for trouble at the
// provider, 400 for what only the client can change.
int status_of_error_code(std::string_view code);

Verdict verdict_of_answer(int status, const Headers& headers, WallTime now,
                          const VerdictOptions& options);
Verdict verdict_of_failure(UpstreamError error, const VerdictOptions& options);

Blame blame_of_status(int status);
Blame blame_of_failure(UpstreamError error);

}  // namespace responses_proxy
