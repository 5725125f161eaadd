// LimitMeter: what a provider says of one of its limits, in one form for all of them.
//
// Ownership  A plain value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "responses_proxy/clock.h"
#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

struct LimitMeter {
  std::string model;  // whose limit it is, as the provider calls it; "" = of the whole account
  std::string name;   // "requests", "tokens", "input-tokens", "primary", "5h"
  std::optional<double> limit;
  std::optional<double> remaining;
  double headroom = 1;  // 0 to 1: the part that was left at seen_at
  std::optional<WallTime> full_at;
  bool window = false;  // comes back at once at full_at, not bit by bit until then
  WallTime seen_at;
  std::string source;  // the family of header fields: "x-ratelimit", "x-codex"

  // The part that is left at that moment, as far as time alone changes it.
  double headroom_at(WallTime now) const {
    if (!full_at || now <= seen_at) return headroom;
    if (now >= *full_at) return 1;
    if (window) return headroom;
    using Seconds = std::chrono::duration<double>;
    const double passed = Seconds(now - seen_at) / Seconds(*full_at - seen_at);
    return headroom + (1 - headroom) * passed;
  }
  friend bool operator==(const LimitMeter&, const LimitMeter&) = default;
};

}  // namespace responses_proxy
