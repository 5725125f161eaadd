// HealthChecker: asks each resource how it is, periodically and on demand.
//
// Role       GET {base_url}/{path} with the resource's credential. 2xx healthy; 401, 403 unhealthy;
//            429, >= 500 degraded; 404, 405, 501 unknown (there is no such path: that says nothing
//            about the key, and the log says so once per base URL); anything else unhealthy. What a
//            good check can mend and what it cannot: ResourceState.
// Threads    start, check and check_all from any thread; the callback runs on the checker's loop.
//            stop() and the destructor on that loop, or while it does not run.
// Ownership  Outlived by router, client and loop; stop() before any of them goes.
// Errors     A check that got no answer is a verdict (degraded: it may be the network), not an
//            error of the checker.
// Blocking   Never. At most kParallel checks of a round are under way; a round that is asked for
//            while one runs joins the next one. Beside it at most kParallel single checks, and one
//            per resource; one more is left to the next round.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/clock.h"
#include "responses_proxy/export.h"
#include "responses_proxy/health.h"
#include "responses_proxy/log.h"
#include "responses_proxy/router.h"

namespace RP_PUBLIC responses_proxy {

struct HealthCheckOptions {
  std::string path =
      "models";  // relative to each resource's base URL, where it has none of its own
  Millis interval{30'000};
  Millis timeout{10'000};   // per resource
  Millis cooldown{30'000};  // of a resource that answers 429 or >= 500
  Millis max_retry_after{3'600'000};
  Log log = ignore_log;
};

struct HealthCheckResult {
  std::string resource_id;
  Health health = Health::unknown;
  int status_code = 0;  // 0 = no answer
  std::string error;    // "" when healthy
  std::chrono::microseconds latency{0};
};

class HealthChecker {
 public:
  using Callback = std::function<void(std::vector<HealthCheckResult>)>;
  static constexpr std::size_t kParallel = 16;

  virtual ~HealthChecker() = default;
  // The first round at once, then every interval.
  virtual void start() = 0;
  // Ends the checks under way. Who waits for them, or asks later, is answered with none.
  virtual void stop() = 0;
  virtual void check_all(Callback callback) = 0;
  // Soon, this one alone; one that is under way already is enough. Nobody waits for it: the
  // resource's state tells.
  virtual void check(std::string_view resource_id) = 0;
};

class Dialects;
class EventLoop;
class UpstreamClient;

// `upstream` belongs to `loop`. A resource whose dialect is not among `dialects` is not checked.
std::unique_ptr<HealthChecker> make_health_checker(HealthCheckOptions options, const Router& router,
                                                   EventLoop& loop, UpstreamClient& upstream,
                                                   const Clock& clock, const Dialects& dialects);

}  // namespace responses_proxy
