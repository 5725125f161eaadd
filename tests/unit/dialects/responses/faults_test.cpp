#include "dialects/responses/faults.h"

#include <doctest/doctest.h>

#include "fakes/manual_clock.h"

namespace responses_proxy {

TEST_CASE("the code of an error inside a 200 stands for a status") {
  for (const std::string_view code :
       {"rate_limit_exceeded", "insufficient_quota", "slow_down", "rate_limit_reached_error",
        "usage_limit_reached", "credit_balance_exhausted", "exceeded_current_quota_error"}) {
    CHECK(status_of_error_code(code) == 429);
  }
  for (const std::string_view code : {"", "server_error", "server_is_overloaded",
                                      "engine_overloaded_error", "overloaded_error"}) {
    CHECK(status_of_error_code(code) == 503);
  }
  for (const std::string_view code : {"invalid_api_key", "authentication_error"}) {
    CHECK(status_of_error_code(code) == 401);
  }
  CHECK(status_of_error_code("permission_error") == 403);
  CHECK(status_of_error_code("model_not_found") == 404);
  for (const std::string_view code :
       {"invalid_prompt", "context_length_exceeded", "previous_response_not_found", "new_code"}) {
    CHECK(status_of_error_code(code) == 400);
  }
}

TEST_CASE("that the money is gone, in the words of the providers") {
  struct Gone {
    int status;
    ErrorWords error;
  };
  const Gone gone[] = {
      {429, {"insufficient_quota", "insufficient_quota", "You exceeded your current quota", {}}},
      {429, {"", "exceeded_current_quota_error", "Your account is suspended", {}}},
      {403, {"", "exceeded_current_quota_error", "", {}}},
      {400, {"billing_hard_limit_reached", "invalid_request_error", "Billing hard limit", {}}},
      {429, {"billing_not_active", "billing_not_active", "", {}}},
      {429, {"credit_balance_exhausted", "", "", {}}},
      {429, {"organization_spend_limit_exceeded", "", "", {}}},
      {429, {"project_spend_limit_exceeded", "", "", {}}},
      {402, {"", "", "Insufficient credits", {}}},
      {402, {}},
      {400, {"", "invalid_request_error", "Your credit balance is too low to access the API.", {}}},
      {402, {"invalid_request_error", "unknown_error", "Insufficient Balance", {}}},
  };
  for (const auto& [status, error] : gone) {
    CAPTURE(status);
    CAPTURE(error.code);
    CAPTURE(error.type);
    const UpstreamFault fault = fault_of_error(status, error, {});
    CHECK(fault.meaning == 402);
    CHECK(fault.status == status);
  }
  // What passes with time, and what only looks like it.
  for (const char* code : {"rate_limit_exceeded", "rate_limit_reached_error", "usage_limit_reached",
                           "engine_overloaded_error"}) {
    CHECK(fault_of_error(429, {code, "", "", {}}, {}).meaning == 429);
  }
  const ErrorWords quoted{"", "", "Invalid input \'Your credit balance is too low\'", {}};
  CHECK(fault_of_error(400, quoted, {}).meaning == 400);
}

TEST_CASE("a model that is refused, by its code or by its name") {
  const ErrorWords not_found{"model_not_found", "invalid_request_error", "does not exist", {}};
  const ErrorWords named{"", "", "Project proj_1 does not have access to model gpt-6", {}};
  const ErrorWords other{"", "", "Your IP is not allowed", {}};
  struct {
    int status;
    ErrorWords error;
    bool refused;
  } const rows[] = {{404, not_found, true}, {403, not_found, true}, {400, not_found, true},
                    {403, named, true},     {404, named, false},    {400, named, false},
                    {403, other, false},    {403, {}, false},       {500, not_found, false},
                    {200, {}, false}};
  for (const auto& row : rows) {
    CAPTURE(row.status);
    CAPTURE(row.error.message);
    CHECK(fault_of_error(row.status, row.error, "gpt-6").model_refused == row.refused);
    CHECK(fault_of_error(row.status, row.error, "").model_refused ==
          (row.refused && row.error.code == "model_not_found"));
  }
}

TEST_CASE("an id that is not known: by its code, and by a 404 that is not about the model") {
  const auto unknown = [](int status, const char* code) {
    return fault_of_error(status, {code, "", "", {}}, "gpt-6").id_unknown;
  };
  CHECK(unknown(400, "previous_response_not_found"));
  CHECK(unknown(404, ""));
  CHECK_FALSE(unknown(404, "model_not_found"));
  CHECK_FALSE(unknown(400, "invalid_prompt"));
  CHECK(fault_of_error(400, {"invalid_encrypted_content", "", "", {}}, {}).cannot_decrypt);
}

TEST_CASE("an error inside a 200 has the status of its code, and asks with its own headers") {
  ErrorWords error{"server_is_overloaded", "", "", {{"retry-after", "9"}}};
  UpstreamFault fault = fault_in_band(error, {});
  CHECK(fault.in_band);
  CHECK(fault.status == 503);
  add_wishes(fault, error, {{"retry-after", "4"}, {"x-should-retry", "false"}},
             testing::ManualClock().wall());
  CHECK(fault.wait == Millis(9'000));  // the longest counts
  CHECK(fault.no_retry);
}

}  // namespace responses_proxy
