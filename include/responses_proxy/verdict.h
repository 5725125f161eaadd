// What an answer, or the lack of one, says about a resource and about whose fault it was.
//
// Role       Turns what came back into the Verdict with which a Lease is finished. For a host that
//            does its own I/O: pick a lease, send, then
//            lease.finish(verdict_of(status, headers, clock.wall()), latency, clock.steady()).
// Threads    Free functions without state.
// Blocking   Never.
#pragma once

#include <string>
#include <string_view>

#include "responses_proxy/blame.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/dialect.h"
#include "responses_proxy/export.h"
#include "responses_proxy/health.h"
#include "responses_proxy/request.h"
#include "responses_proxy/upstream_client.h"

namespace RP_PUBLIC responses_proxy {

struct VerdictOptions {
  Millis cooldown{30'000};            // PROXY_RESOURCE_COOLDOWN_SECONDS
  Millis max_retry_after{3'600'000};  // PROXY_MAX_RETRY_AFTER_SECONDS
  bool checked = false;               // a health check follows where a key is refused, and decides
};

// Of an answer with that status and those headers from an upstream that speaks the Responses API.
Verdict verdict_of(int status, const Headers& headers, WallTime now,
                   const VerdictOptions& options = {});
// Of what a dialect has made of an answer. The reason repeats the provider's words: they are masked
// by whoever knows the secrets.
Verdict verdict_of(const UpstreamFault& fault, const VerdictOptions& options);
// Of no answer, or of half of one. `detail`: of the UpstreamResult; becomes part of the reason.
Verdict verdict_of_failure(UpstreamError error, const VerdictOptions& options,
                           std::string_view detail = {});

// The health an upstream status means: 2xx healthy; 401, 402, 403 unhealthy; 429, >= 500 degraded;
// what the client caused (400, 404, 409, 413, 415, 422 and the other 4xx) says nothing: unknown.
Health health_of_status(int status);
Blame blame_of_status(int status);
Blame blame_of_failure(UpstreamError error);

// "HTTP 401: Incorrect API key provided": one line, bounded.
std::string error_reason(const UpstreamFault& fault);

}  // namespace responses_proxy
