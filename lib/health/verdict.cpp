#include "health/verdict.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "health/retry_after.h"

namespace responses_proxy {

Health health_of_status(int status) {
  if (status >= 200 && status < 300) return Health::healthy;
  if (status == 401 || status == 403) return Health::unhealthy;
  if (status == 429 || status >= 500) return Health::degraded;
  return Health::unknown;
}

int status_of_error_code(std::string_view code) {
  constexpr std::array<std::string_view, 6> kLimits = {
      "rate_limit_exceeded", "rate_limit_error",         "slow_down",
      "insufficient_quota",  "credit_balance_exhausted", "usage_limit_reached"};
  constexpr std::array<std::string_view, 8> kTrouble = {"",
                                                        "server_error",
                                                        "server_is_overloaded",
                                                        "overloaded",
                                                        "overloaded_error",
                                                        "internal_error",
                                                        "internal_server_error",
                                                        "service_unavailable"};
  if (std::find(kLimits.begin(), kLimits.end(), code) != kLimits.end()) return 429;
  if (std::find(kTrouble.begin(), kTrouble.end(), code) != kTrouble.end()) return 503;
  return 400;
}

Verdict verdict_of_answer(int status, const Headers& headers, WallTime now,
                          const VerdictOptions& options) {
  Verdict verdict;
  verdict.health = health_of_status(status);
  if (verdict.health == Health::healthy || verdict.health == Health::unknown) return verdict;
  verdict.error = true;
  verdict.reason = fmt::format("HTTP {}", status);
  verdict.blocked = asked_to_wait(headers, now, options.max_retry_after).value_or(Millis::zero());
  verdict.cooldown = std::max(options.cooldown, verdict.blocked);
  return verdict;
}

Verdict verdict_of_failure(UpstreamError error, const VerdictOptions& options) {
  if (error == UpstreamError::none) return {};
  return {Health::degraded, options.cooldown, Millis::zero(), true, std::string(to_string(error))};
}

Blame blame_of_status(int status) {
  if (status == 401 || status == 403 || status == 429) return Blame::resource;
  if (status >= 500) return Blame::provider;
  if (status >= 400) return Blame::client;
  return Blame::none;
}

Blame blame_of_failure(UpstreamError error) {
  return error == UpstreamError::none ? Blame::none : Blame::provider;
}

}  // namespace responses_proxy
