// Health: how a resource does, in one word; and the Verdict that changes it.
//
// Role       What the words mean for routing, and which verdict leads to which of them, says
//            ResourceState.
// Ownership  Plain values, free of secrets.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "responses_proxy/blame.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

enum class Health : std::uint8_t { unknown, healthy, degraded, unhealthy };
std::string_view to_string(Health health);

// What one answer (or the lack of one) says about a resource. Made by verdict_of() (verdict.h).
struct Verdict {
  Health health = Health::unknown;  // unknown: says nothing, the state stays as it is
  Millis cooldown{0};               // degraded: avoid it this long while a better one is left
  Millis blocked{0};                // the provider asked (Retry-After): do not use it at all
  bool error = false;               // counts into total_errors
  std::string reason;               // last_error, free of secrets; "" keeps the old one
  Blame blame = Blame::none;
  // The credential was refused, and a health check will say whether it is bad or only this request
  // was not allowed: until then the resource is a last resort.
  bool doubtful = false;
  bool on_trial = false;  // of another replica: see ResourceState::on_trial
};

// Who has found out.
enum class HealthSource : std::uint8_t { traffic, check, replica };
std::string_view to_string(HealthSource source);

// A resource has got another word, or has gone on trial.
struct HealthChange {
  std::string resource_id;
  Health before = Health::unknown;
  Health after = Health::unknown;
  bool on_trial = false;
  std::string reason;  // in words, free of secrets; "" when it is healthy
  Blame blame = Blame::none;
  HealthSource source = HealthSource::traffic;
};
// Called on the thread that has found out; must not block.
using HealthObserver = std::function<void(const HealthChange&)>;

}  // namespace responses_proxy
