// What an answer, or the lack of one, says about a resource and about whose fault it was.
#pragma once

#include <string>
#include <string_view>

#include "responses_proxy/blame.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/request.h"
#include "responses_proxy/resource.h"
#include "responses_proxy/upstream_client.h"

namespace responses_proxy {

struct VerdictOptions {
  Millis cooldown{30'000};            // PROXY_RESOURCE_COOLDOWN_SECONDS
  Millis max_retry_after{3'600'000};  // PROXY_MAX_RETRY_AFTER_SECONDS
  bool checked = false;               // a health check follows where a key is refused, and decides
  // What the request asked for: an answer that refuses it says nothing about the key. "" = none.
  std::string_view model = {};
};

// What an error says in words. They must be free of secrets.
struct ErrorText {
  std::string_view code = {};
  std::string_view type = {};
  std::string_view message = {};
  bool in_band = false;  // reported inside a 200: the status is what its code stands for
};

// The health an upstream status means: 2xx healthy; 401, 402, 403 unhealthy; 429, >= 500 degraded;
// what the client caused (400, 404, 409, 413, 415, 422 and the other 4xx) says nothing: unknown.
Health health_of_status(int status);

// The status that an error reported inside a 200 stands for: 429 for limits, 401 and 403 for keys,
// 503 for trouble at the provider, 404 for a model, 400 for what only the client can change.
int status_of_error_code(std::string_view code);

// The status that says what is meant: 402 for an error that says, under any status, that no waiting
// will mend it, because somebody has to pay; else the status itself.
int meaning_of(int status, const ErrorText& error);

// The resource does not serve the model, or not to this key; another one may.
bool refuses_model(int status, const ErrorText& error, std::string_view model);

// "HTTP 401: Incorrect API key provided": one line, bounded.
std::string error_reason(int status, const ErrorText& error);

// `headers`: what the answer asks for; see asked_to_wait.
Verdict verdict_of_answer(int status, const Headers& headers, WallTime now,
                          const VerdictOptions& options, const ErrorText& error = {});
// `detail`: of the UpstreamResult; becomes part of the reason.
Verdict verdict_of_failure(UpstreamError error, const VerdictOptions& options,
                           std::string_view detail = {});

Blame blame_of_status(int status);
Blame blame_of_failure(UpstreamError error);

}  // namespace responses_proxy
