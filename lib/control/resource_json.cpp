#include "control/resource_json.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "control/rows.h"
#include "control/time_text.h"
#include "responses_proxy/resource_state.h"

namespace responses_proxy::control {

namespace {

std::int64_t whole_seconds(SteadyTime until, SteadyTime now) {
  return until <= now ? 0 : std::chrono::ceil<std::chrono::seconds>(until - now).count();
}

Json seconds_left(SteadyTime until, SteadyTime now) {
  const std::int64_t left = whole_seconds(until, now);
  return left == 0 ? Json(nullptr) : Json(left);
}

// Since when the word is what it is, on the wall; null: since the start.
Json health_since(const ResourceState& state, const Clock& clock, SteadyTime now) {
  const auto changed = state.changed_at();
  if (!changed || state.health_at(now) != state.health()) return nullptr;
  const WallTime at = clock.wall() - (now - *changed);
  return format_time(std::chrono::floor<std::chrono::seconds>(at));
}

Json to_json(const std::optional<LastCheck>& check) {
  if (!check) return nullptr;
  return {{"at", format_time(check->at)},
          {"health", to_string(check->health)},
          {"latency_ms", to_millis(check->latency)},
          {"error", text_or_null(check->error)}};
}

Json number_or_null(const std::optional<double>& number) {
  return number ? Json(*number) : Json(nullptr);
}

Json to_json(const LimitMeter& meter, WallTime now) {
  constexpr double kShown = 100;  // in hundredths, so that not every moment is news
  return {{"model", text_or_null(meter.model)},
          {"meter", meter.name},
          {"limit", number_or_null(meter.limit)},
          {"remaining", number_or_null(meter.remaining)},
          {"headroom", std::floor(meter.headroom_at(now) * kShown) / kShown},
          {"full_at", meter.full_at ? Json(format_time(*meter.full_at)) : Json(nullptr)},
          {"seen_at", format_time(meter.seen_at)},
          {"source", meter.source}};
}

Json limits(const ResourceState& state, WallTime now) {
  Json list = Json::array();
  for (const LimitMeter& meter : state.limits()) list.push_back(to_json(meter, now));
  return list;
}

}  // namespace

std::int64_t seconds_to_wait(const ResourceState& state, SteadyTime now) {
  return whole_seconds(std::max(state.cooldown_until(), state.blocked_until()), now);
}

Json resource_json(const Target& target, const Clock& clock) {
  const Resource& resource = *target.resource;
  const ResourceState& state = *target.state;
  const SteadyTime now = clock.steady();
  const std::int64_t latency = state.last_latency_us();
  return {{"id", resource.id},
          {"name", resource.name},
          {"provider_id", resource.provider_id},
          {"pool_id", resource.pool_id},
          {"weight", resource.weight},
          {"key", text_or_null(resource.credential.masked())},
          {"health", to_string(state.health_at(now))},
          {"health_reason", text_or_null(state.reason_at(now))},
          {"health_since", health_since(state, clock, now)},
          {"in_flight", state.active()},
          {"total_requests", state.total_requests()},
          {"total_errors", state.total_errors()},
          {"last_latency_ms",
           latency < 0 ? Json(nullptr) : Json(to_millis(std::chrono::microseconds(latency)))},
          {"last_error", text_or_null(state.last_error())},
          {"cooldown_seconds", seconds_left(state.cooldown_until(), now)},
          {"blocked_seconds", seconds_left(state.blocked_until(), now)},
          {"last_check", to_json(state.last_check())},
          {"limits", limits(state, clock.wall())}};
}

}  // namespace responses_proxy::control
