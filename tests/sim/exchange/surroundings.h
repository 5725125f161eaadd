// What a proxy asks beside its providers, each answering when the script says so.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "responses_proxy/health_checker.h"
#include "responses_proxy/helper_threads.h"
#include "responses_proxy/response_index.h"
#include "sim/exchange/memory.h"
#include "sim/exchange/script.h"

namespace responses_proxy::sim {

class LaterIndex final : public ResponseIndex {
 public:
  LaterIndex(Script& script, Draw& draw, const Memory& memory)
      : script_(script), draw_(draw), memory_(memory) {}

  void find(EventLoop&, std::string response_id, Found found) override {
    std::optional<std::string> account = memory_.account_of(response_id);
    if (account->empty() || draw_.chance(50)) account.reset();  // a database that is late
    script_.after(draw_.between(1, 50),
                  [found = std::move(found), account = std::move(account)] { found(account); });
  }

 private:
  Script& script_;
  Draw& draw_;
  const Memory& memory_;
};

class LaterHelpers final : public HelperThreads {
 public:
  LaterHelpers(Script& script, Draw& draw) : script_(script), draw_(draw) {}

  bool run(std::function<void()> work) override {
    if (draw_.chance(20)) return false;  // too much is waiting
    script_.after(draw_.between(0, 5), std::move(work));
    return true;
  }

 private:
  Script& script_;
  Draw& draw_;
};

class LaterHealth final : public HealthChecker {
 public:
  LaterHealth(Script& script, Draw& draw, const Clock& clock, const Router& router)
      : script_(script), draw_(draw), clock_(clock), router_(router) {}

  void start() override {}
  void stop() override {}
  void check_all(Callback) override {}
  void check(std::string_view resource_id) override {
    script_.after(draw_.pause(), [this, id = std::string(resource_id)] {
      Verdict verdict;
      verdict.health = draw_.chance(70) ? Health::healthy : Health::unhealthy;
      verdict.error = verdict.health != Health::healthy;
      verdict.cooldown = verdict.error ? Millis(2'000) : Millis(0);
      const auto table = router_.table();
      if (const Target* target = table->find(id)) {
        target->state->apply_check(verdict, clock_.steady());
      }
    });
  }

 private:
  Script& script_;
  Draw& draw_;
  const Clock& clock_;
  const Router& router_;
};

}  // namespace responses_proxy::sim
