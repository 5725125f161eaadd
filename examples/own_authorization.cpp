// An authorization of the host's own: the Gate knows who is calling, the hooks what they may do and
// where their requests go, and what they have used up.
#include <array>
#include <cstdio>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "example_host.h"

using namespace responses_proxy;

namespace {

constexpr std::int64_t kTokensPerDay = 6;  // of a guest: enough for one request of this example

// Stands for the host's user database, as a snapshot in memory: a gate must not block.
class Users final : public Gate {
 public:
  Result<Caller> admit(const Request& request) override {
    const std::string_view key = request.headers.get("x-tenant-key");
    for (const auto& [secret, name] : kUsers) {
      if (key == secret) return Caller{std::string(name)};
    }
    return Error::refused(401, "unknown_tenant", "x-tenant-key names no tenant.");
  }

 private:
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kUsers{
      {{"key-of-acme", "acme"}, {"key-of-a-guest", "guest"}}};
};

class Rules final : public ExchangeHooks {
 public:
  std::optional<Error> before_route(const AdmittedRequest& request, std::string& pool_id) override {
    if (request.caller != "guest") return std::nullopt;
    if (request.model != "gpt-4.1-mini") {
      return Error::refused(403, "model_not_allowed", "Guests may use gpt-4.1-mini.", "model");
    }
    pool_id = "shared";  // whatever the client asks for
    const std::scoped_lock lock(mutex_);
    if (used_[std::string(request.caller)] >= kTokensPerDay) {
      return Error::rate_limited("This day's tokens are used up.", "tenant_quota");
    }
    return std::nullopt;
  }

  void before_record(RequestRecord& record) override {
    const std::scoped_lock lock(mutex_);
    used_[record.caller] += record.usage.total.value_or(0);
  }

 private:
  std::mutex mutex_;  // hooks are called by all event loops; guards what follows
  std::map<std::string, std::int64_t> used_;
};

std::string body_for(std::string_view model) {
  return R"({"model":")" + std::string(model) + R"(","input":"hello"})";
}

}  // namespace

int main() {
  Config config = example::config_of("own_authorization");
  config.resources.front().pool_id = "shared";
  Users users;
  Rules rules;
  example::Host host(config, {.gate = &users, .hooks = &rules}, "application/json",
                     example::kResponse);

  const auto status_for = [&host](std::string_view key, std::string_view model) {
    return host.ask(example::response_request(body_for(model), {{"x-tenant-key", key}})).status;
  };
  const std::array statuses = {
      status_for("key-of-nobody", "gpt-4.1-mini"),   // 401
      status_for("key-of-a-guest", "gpt-4.1"),       // 403
      status_for("key-of-a-guest", "gpt-4.1-mini"),  // 200
      status_for("key-of-a-guest", "gpt-4.1-mini"),  // 200: 5 of 6 tokens
      status_for("key-of-a-guest", "gpt-4.1-mini"),  // 429
      status_for("key-of-acme", "gpt-4.1"),          // 200
  };
  return statuses == std::array{401, 403, 200, 200, 429, 200} ? 0 : 1;
}
