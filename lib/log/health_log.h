// What the log says when a resource's health changes.
#pragma once

#include <optional>
#include <string_view>

#include "responses_proxy/health.h"
#include "responses_proxy/log.h"

namespace responses_proxy {

// Nothing for a change that is no news: that a key works at the start. `name` is for people.
std::optional<LogEvent> health_event(const HealthChange& change, std::string_view name);

}  // namespace responses_proxy
