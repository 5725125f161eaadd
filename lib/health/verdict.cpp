#include "health/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/utf8_text.h"
#include "health/retry_after.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kMaxReason = 240;  // bytes of last_error

template <std::size_t N>
bool among(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Error codes and types of the providers (OpenAI, Anthropic, Kimi, DeepSeek, OpenRouter, Qwen, ...)
// for an account that has nothing left to spend.
constexpr std::array<std::string_view, 18> kMoney = {"insufficient_quota",
                                                     "exceeded_current_quota_error",
                                                     "billing_hard_limit_reached",
                                                     "billing_not_active",
                                                     "billing_error",
                                                     "credit_balance_exhausted",
                                                     "insufficient_credits",
                                                     "insufficient_balance",
                                                     "insufficient_balance_error",
                                                     "insufficient_funds",
                                                     "insufficient_user_quota",
                                                     "organization_spend_limit_exceeded",
                                                     "project_spend_limit_exceeded",
                                                     "organization_usage_limit_exceeded",
                                                     "payment_required",
                                                     "quota_exceeded",
                                                     "Arrearage",
                                                     "access_terminated"};
constexpr std::array<std::string_view, 8> kLimits = {
    "rate_limit_exceeded", "rate_limit_error", "rate_limit_reached_error",   "rate_limit_reached",
    "too_many_requests",   "slow_down",        "concurrency_limit_exceeded", "usage_limit_reached"};
constexpr std::array<std::string_view, 10> kTrouble = {"",
                                                       "server_error",
                                                       "server_is_overloaded",
                                                       "overloaded",
                                                       "overloaded_error",
                                                       "engine_overloaded_error",
                                                       "internal_error",
                                                       "internal_server_error",
                                                       "api_error",
                                                       "service_unavailable"};
constexpr std::array<std::string_view, 6> kBadKey = {
    "invalid_api_key",     "authentication_error", "invalid_authentication_error",
    "account_deactivated", "incorrect_api_key",    "token_expired"};
constexpr std::array<std::string_view, 4> kForbidden = {
    "permission_error", "permission_denied", "permission_denied_error", "insufficient_permissions"};

// Providers that have no code of its own for it. At the start only: further on stands what the
// client has sent.
bool says_no_money(std::string_view message) {
  constexpr std::array<std::string_view, 4> kStarts = {
      "Your credit balance is too low", "Insufficient Balance", "Insufficient credits",
      "You exceeded your current quota"};
  return std::any_of(kStarts.begin(), kStarts.end(),
                     [&](std::string_view start) { return message.starts_with(start); });
}

}  // namespace

Health health_of_status(int status) {
  if (status >= 200 && status < 300) return Health::healthy;
  if (status == 401 || status == 402 || status == 403) return Health::unhealthy;
  if (status == 429 || status >= 500) return Health::degraded;
  return Health::unknown;
}

int status_of_error_code(std::string_view code) {
  if (among(code, kLimits) || among(code, kMoney)) return 429;
  if (among(code, kTrouble)) return 503;
  if (among(code, kBadKey)) return 401;
  if (among(code, kForbidden)) return 403;
  return code == "model_not_found" ? 404 : 400;
}

int meaning_of(int status, const ErrorText& error) {
  if (status < 400) return status;
  const bool money =
      among(error.code, kMoney) || among(error.type, kMoney) || says_no_money(error.message);
  return money ? 402 : status;
}

bool refuses_model(int status, const ErrorText& error, std::string_view model) {
  if (status < 400 || status >= 500) return false;
  if (error.code == "model_not_found" || error.code == "model_not_allowed") return true;
  return status == 403 && !model.empty() && error.message.find(model) != std::string_view::npos;
}

std::string error_reason(int status, const ErrorText& error) {
  std::string_view words = error.message;
  if (words.empty()) words = error.code.empty() ? error.type : error.code;
  std::string reason = error.in_band ? std::string(error.code) : fmt::format("HTTP {}", status);
  if (words.empty() || words == reason) return reason;
  if (!reason.empty()) reason += ": ";
  reason = utf8_text(reason.append(words), kMaxReason);
  for (char& c : reason) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  }
  return reason;
}

Verdict verdict_of_answer(int status, const Headers& headers, WallTime now,
                          const VerdictOptions& options, const ErrorText& error) {
  Verdict verdict;
  const int meaning = meaning_of(status, error);
  verdict.blame = blame_of_status(meaning);
  if (refuses_model(status, error, options.model)) return verdict;
  verdict.health = health_of_status(meaning);
  if (verdict.health == Health::healthy || verdict.health == Health::unknown) return verdict;
  verdict.error = true;
  verdict.reason = error_reason(status, error);
  const auto asked = asked_to_wait(headers, now, options.max_retry_after);
  verdict.blocked = asked.value_or(Millis::zero());
  verdict.cooldown = std::max(options.cooldown, verdict.blocked);
  // "Do not come back", and not even when: that is what no waiting mends.
  if (meaning == 429 && !asked && headers.get("x-should-retry") == "false") {
    verdict.health = Health::unhealthy;
  }
  verdict.doubtful = options.checked && (meaning == 401 || meaning == 403);
  return verdict;
}

Verdict verdict_of_failure(UpstreamError error, const VerdictOptions& options,
                           std::string_view detail) {
  Verdict verdict;
  verdict.blame = blame_of_failure(error);
  // Our own shortage says nothing about the resource.
  if (error == UpstreamError::none || error == UpstreamError::out_of_descriptors) return verdict;
  verdict.health = Health::degraded;
  verdict.cooldown = options.cooldown;
  verdict.error = true;
  verdict.reason = describe(error, detail);
  return verdict;
}

Blame blame_of_status(int status) {
  if (status >= 401 && status <= 403) return Blame::resource;
  if (status == 429) return Blame::resource;
  if (status >= 500) return Blame::provider;
  if (status >= 400) return Blame::client;
  return Blame::none;
}

Blame blame_of_failure(UpstreamError error) {
  if (error == UpstreamError::out_of_descriptors) return Blame::proxy;
  return error == UpstreamError::none ? Blame::none : Blame::provider;
}

}  // namespace responses_proxy
