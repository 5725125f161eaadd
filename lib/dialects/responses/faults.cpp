#include "dialects/responses/faults.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/json_reader.h"
#include "core/utf8_text.h"
#include "dialects/responses/error_headers.h"
#include "dialects/retry_after.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;

template <std::size_t N>
bool among(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// For an account that has nothing left to spend.
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

bool is_about_money(const ErrorWords& error) {
  return among(error.code, kMoney) || among(error.type, kMoney) || says_no_money(error.message);
}

bool refuses_model(int status, const ErrorWords& error, std::string_view model) {
  if (status < 400 || status >= 500) return false;
  if (error.code == "model_not_found" || error.code == "model_not_allowed") return true;
  return status == 403 && !model.empty() && error.message.find(model) != std::string_view::npos;
}

// Of FastAPI's {"detail":[{"msg":...}]}, one behind the other.
std::string joined_details(element error) {
  std::string joined;
  simdjson::dom::array details;
  if (error["detail"].get(details) != simdjson::SUCCESS) return joined;
  for (const element detail : details) {
    if (joined.size() > ErrorWords::kMaxMessage) break;
    const std::string_view said = string_at(detail, "msg");
    if (!joined.empty() && !said.empty()) joined += "; ";
    joined += said;
  }
  return joined;
}

// {"error":{"message":...}}; some providers say {"error":"..."} or {"detail":"..."}.
std::string message_of(element error) {
  std::string_view text;
  if (error.get(text) == simdjson::SUCCESS) return std::string(text);
  for (const std::string_view key : {"message", "detail"}) {
    if (text = string_at(error, key); !text.empty()) return std::string(text);
  }
  return joined_details(error);
}

}  // namespace

ErrorWords read_error_words(element holder, ErrorWords before) {
  element error;
  if (holder["error"].get(error) != simdjson::SUCCESS || error.is_null()) error = holder;
  ErrorWords words;
  words.type = utf8_text(string_at(error, "type"), ErrorWords::kMaxCode);
  words.code = utf8_text(string_at(error, "code"), ErrorWords::kMaxCode);
  if (words.code.empty()) words.code = before.code.empty() ? words.type : std::move(before.code);
  words.message = utf8_text(message_of(error), ErrorWords::kMaxMessage);
  words.headers = headers_of_error(error);
  return words;
}

int status_of_error_code(std::string_view code) {
  if (among(code, kLimits) || among(code, kMoney)) return 429;
  if (among(code, kTrouble)) return 503;
  if (among(code, kBadKey)) return 401;
  if (among(code, kForbidden)) return 403;
  return code == "model_not_found" ? 404 : 400;
}

UpstreamFault fault_of_error(int status, const ErrorWords& error, std::string_view model) {
  UpstreamFault fault;
  fault.status = fault.meaning = status;
  fault.code = error.code;
  fault.type = error.type;
  fault.message = error.message;
  if (status >= 400 && is_about_money(error)) fault.meaning = 402;
  fault.model_refused = refuses_model(fault.meaning, error, model);
  fault.id_unknown =
      error.code == "previous_response_not_found" || (fault.meaning == 404 && !fault.model_refused);
  fault.cannot_decrypt = error.code == "invalid_encrypted_content";
  return fault;
}

UpstreamFault fault_in_band(const ErrorWords& error, std::string_view model) {
  UpstreamFault fault = fault_of_error(status_of_error_code(error.code), error, model);
  fault.in_band = true;
  return fault;
}

void add_wishes(UpstreamFault& fault, const ErrorWords& error, const Headers& headers,
                WallTime now) {
  Headers asked = error.headers;
  for (const Header& header : headers) asked.add(header);
  fault.wait = asked_to_wait(asked, now);
  fault.no_retry = asked.get("x-should-retry") == "false";
  fault.headers = error.headers;
}

}  // namespace responses_proxy
