#include "control/wrong_now.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "control/of_runtime.h"
#include "control/resource_json.h"
#include "metrics/traffic_history.h"
#include "registry/registry.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/router.h"
#include "responses_proxy/state_store.h"
#include "responses_proxy/telemetry_sink.h"

namespace responses_proxy::control {

namespace {

// So many failures are worth a line of a resource that is healthy, and of requests.
constexpr std::uint64_t kLeastAttempts = 5;
constexpr std::uint64_t kOneInAttempts = 4;
constexpr std::uint64_t kOneInRequests = 50;
constexpr std::uint64_t kManyQueued = 1'000;

// 1234567 -> "1,234,567"
std::string with_commas(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

std::string plural(std::uint64_t number, const char* one) {
  return fmt::format("{} {}{}", with_commas(number), one, number == 1 ? "" : "s");
}

// "http_429" -> "HTTP 429", "connect_refused" -> "connect refused"
std::string in_words(std::string error) {
  std::replace(error.begin(), error.end(), '_', ' ');
  if (error.starts_with("http ")) error.replace(0, 4, "HTTP");
  return error;
}

std::string how_it_failed(const RecentTraffic& recent) {
  if (recent.failed == 0) return {};
  return fmt::format("{} of {} failed, {}", with_commas(recent.failed),
                     plural(recent.all, "request"), in_words(recent.most_common));
}

// The first that says something.
std::string first_of(std::initializer_list<std::string> texts) {
  const auto found =
      std::find_if(texts.begin(), texts.end(), [](const auto& t) { return !t.empty(); });
  return found == texts.end() ? std::string() : *found;
}

class Troubles {
 public:
  explicit Troubles(const ControlPlaneContext& context) : context_(context) {}

  std::vector<Trouble> all() {
    const auto table = context_.router.table();
    if (context_.draining) {
      bad("The server is shutting down: it ends what is under way and takes nothing new");
    }
    if (table->all().empty()) {
      bad("No provider resources configured. Set OPENAI_API_KEY and start again, or register a "
          "provider.");
    }
    of_pools(*table);
    for (const Target& target : table->all()) of_resource(target);
    of_records();
    of_what_is_shared();
    of_requests();
    std::stable_sort(list_.begin(), list_.end(),
                     [](const Trouble& a, const Trouble& b) { return a.bad && !b.bad; });
    return std::move(list_);
  }

 private:
  void bad(std::string text) { list_.push_back({true, std::move(text)}); }
  void warn(std::string text) { list_.push_back({false, std::move(text)}); }

  RecentTraffic recent_of(const std::string& resource_id) const {
    const TrafficHistory* const traffic = traffic_of(context_);
    return traffic == nullptr ? RecentTraffic{} : traffic->recent(resource_id);
  }

  void of_pools(const RoutingTable& table) {
    const SteadyTime now = context_.clock.steady();
    struct Pool {
      std::uint64_t all = 0;
      bool usable = false;
    };
    std::map<std::string, Pool> pools;
    for (const Target& target : table.all()) {
      Pool& pool = pools[target.resource->pool_id];
      ++pool.all;
      pool.usable |=
          target.state->health_at(now) != Health::unhealthy && target.state->blocked_until() <= now;
    }
    for (const auto& [id, pool] : pools) {
      if (pool.usable) continue;
      bad(fmt::format("Pool {}: none of its {} can be used; its requests are refused", id,
                      plural(pool.all, "resource")));
    }
  }

  void of_resource(const Target& target) {
    const ResourceState& state = *target.state;
    const SteadyTime now = context_.clock.steady();
    const Health health = state.health_at(now);
    const std::int64_t wait = seconds_to_wait(state, now);
    const RecentTraffic recent = recent_of(target.resource->id);
    const std::string failed = how_it_failed(recent);
    const bool unhealthy = health == Health::unhealthy;
    std::string then =
        unhealthy ? "out until a check or a trial succeeds" : "on trial: one request at a time";
    if (wait > 0) then = fmt::format("on trial in {} s", wait);
    std::string text;
    if (unhealthy || wait > 0 || health == Health::degraded) {
      const std::string why =
          first_of({failed, reason(state, now), unhealthy ? "unhealthy" : "asked to wait"});
      text = fmt::format("{}: {}, {}", target.resource->name, why, then);
    } else if (recent.all >= kLeastAttempts && recent.failed * kOneInAttempts >= recent.all) {
      text = fmt::format("{}: {}", target.resource->name, failed);
    }
    if (!text.empty()) list_.push_back({unhealthy, std::move(text), target.resource->id});
  }

  // Without what the line says itself.
  static std::string reason(const ResourceState& state, SteadyTime now) {
    const std::string last = state.last_error();
    return last.empty() ? state.reason_at(now) : last;
  }

  void of_records() {
    const TelemetryStats stats = context_.telemetry.stats();
    const char* const taker =
        context_.telemetry_stream ? "the Redis stream of records" : "the database";
    if (stats.dropped > 0) {
      bad(fmt::format("{} lost since the start: {} could not keep up",
                      plural(stats.dropped, "record"), taker));
    }
    if (stats.spooled > 0) {
      warn(fmt::format("{} does not take records: {} wait in the spool file",
                       context_.telemetry_stream ? "The Redis stream" : "The database",
                       with_commas(stats.spooled)));
    }
    if (stats.queued > kManyQueued) {
      warn(fmt::format("{} records wait for {}", with_commas(stats.queued), taker));
    }
    if (!context_.telemetry_stream) return;
    const StreamStats stream = context_.telemetry_stream();
    if (!stream.reachable) bad("The Redis stream of records does not answer");
    if (stream.poison > 0) {
      warn(fmt::format("Workers have set aside {} that cannot be read",
                       plural(stream.poison, "record")));
    }
  }

  void of_what_is_shared() {
    const auto shared = context_.state.shared_stats();
    if (shared && !shared->up) {
      warn(fmt::format("Redis does not answer ({}): each replica decides by itself",
                       shared->problem.empty() ? "no reason given" : shared->problem));
    }
    const Registry* const registry = registry_of(context_);
    if (registry == nullptr) return;
    const RegistryProblems problems = registry->problems();
    for (const std::string& problem : {problems.database, problems.file}) {
      if (problem.empty()) continue;
      warn("Registered providers are those that were read last: " + problem);
    }
  }

  void of_requests() {
    const TrafficHistory* const traffic = traffic_of(context_);
    if (traffic == nullptr) return;
    const RecentTraffic recent = traffic->recent();
    if (recent.failed == 0 || recent.failed * kOneInRequests < recent.all) return;
    warn(fmt::format("{} of {} ({:.0f} %) failed for clients in the last 5 minutes",
                     with_commas(recent.failed), plural(recent.all, "request"),
                     100.0 * static_cast<double>(recent.failed) / static_cast<double>(recent.all)));
  }

  const ControlPlaneContext& context_;
  std::vector<Trouble> list_;
};

}  // namespace

std::vector<Trouble> wrong_now(const ControlPlaneContext& context) {
  return Troubles(context).all();
}

}  // namespace responses_proxy::control
