#include "log/health_log.h"

#include <fmt/format.h>

#include <string>

namespace responses_proxy {

std::optional<LogEvent> health_event(const HealthChange& change, std::string_view name) {
  if (change.before == Health::unknown && change.after == Health::healthy) return std::nullopt;
  const std::string_view before = to_string(change.before);
  const std::string_view after = to_string(change.after);
  std::string message =
      fmt::format("{} is {} (was {}, found by {})", name, after, before, to_string(change.source));
  if (!change.reason.empty()) message.append(": ").append(change.reason);
  return LogEvent{change.after == Health::healthy ? LogLevel::info : LogLevel::warning,
                  "health_changed",
                  std::move(message),
                  {{"resource_id", change.resource_id},
                   {"health", std::string(after)},
                   {"was", std::string(before)},
                   {"reason", change.reason},
                   {"blame", std::string(to_string(change.blame))},
                   {"found_by", std::string(to_string(change.source))}}};
}

}  // namespace responses_proxy
