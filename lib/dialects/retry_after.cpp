#include "dialects/retry_after.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

#include "core/ascii_case.h"

namespace responses_proxy {

namespace {

using FloatMs = std::chrono::duration<double, std::milli>;

// A number at the front of `text`, which is moved behind it.
std::optional<double> take_number(std::string_view& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::optional<double> whole_number(std::string_view text) {
  const auto number = take_number(text);
  return number && text.empty() ? number : std::nullopt;
}

// Too long for any cap, but far from overflowing Millis.
constexpr double kForeverMs = 1e12;

std::optional<Millis> positive(double milliseconds) {
  if (!(milliseconds > 0)) return std::nullopt;  // NaN too
  return Millis(static_cast<Millis::rep>(std::min(milliseconds, kForeverMs)));
}

// In floating point: system_clock's nanoseconds end in the year 2262.
double ms_until(double epoch_seconds, WallTime now) {
  const FloatMs until = std::chrono::duration<double>(epoch_seconds);
  return (until - FloatMs(now.time_since_epoch())).count();
}

// An amount of time; what can only be a point in time, because it lies near now, is one.
double amount_ms(double number, double unit_ms, WallTime now) {
  constexpr double kFirstEpochSecond = 1e9;
  constexpr double kFirstEpochMs = 1e11;
  constexpr double kNearMs = 10.0 * 365 * 86'400e3;
  if (number < kFirstEpochSecond) return number * unit_ms;
  const double left = ms_until(number < kFirstEpochMs ? number : number / 1e3, now);
  return std::abs(left) < kNearMs ? left : number * unit_ms;
}

std::optional<double> http_date_ms(const std::string& text, WallTime now) {
  tm parts{};
  const char* end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return ms_until(static_cast<double>(timegm(&parts)), now);
}

// "Z", "+02:00" or "-0530", and nothing behind it: what is to be subtracted for UTC.
std::optional<double> zone_seconds(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() == 6 && text[3] == ':') {
    const std::string without_colon = std::string(text.substr(0, 3)).append(text.substr(4));
    return zone_seconds(without_colon);
  }
  const bool numeric =
      text.size() == 5 && (text[0] == '+' || text[0] == '-') &&
      std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!numeric) return std::nullopt;
  const auto digits = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  const double seconds = digits(1) * 3600.0 + digits(3) * 60.0;
  return text[0] == '-' ? -seconds : seconds;
}

std::optional<double> rfc3339_ms(const std::string& text, WallTime now) {
  tm parts{};
  const char* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (end == nullptr) return std::nullopt;
  std::string_view rest = end;
  double fraction = 0;
  if (rest.starts_with('.')) fraction = take_number(rest).value_or(0);
  const auto zone = zone_seconds(rest);
  if (!zone) return std::nullopt;
  return ms_until(static_cast<double>(timegm(&parts)) + fraction - *zone, now);
}

// "6m0s", "1.5s", "20ms".
std::optional<double> go_duration_ms(std::string_view text) {
  struct Unit {
    std::string_view name;
    double ms;
  };
  constexpr std::array<Unit, 5> kUnits = {
      {{"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3'600e3}, {"d", 86'400e3}}};
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    const auto number = take_number(text);
    const auto unit = std::find_if(kUnits.begin(), kUnits.end(),
                                   [&](const Unit& u) { return text.starts_with(u.name); });
    if (!number || unit == kUnits.end()) return std::nullopt;
    total += *number * unit->ms;
    text.remove_prefix(unit->name.size());
  }
  return total;
}

std::optional<Millis> wait_in(std::string_view value, double unit_ms, WallTime now) {
  if (const auto number = whole_number(value)) return positive(amount_ms(*number, unit_ms, now));
  const std::string text(value);
  for (const auto& ms : {go_duration_ms(value), http_date_ms(text, now), rfc3339_ms(text, now)}) {
    if (ms) return positive(*ms);
  }
  return std::nullopt;
}

// Whether that limit is used up, of which `reset` (in lower case) tells when it is full again.
bool used_up(const Headers& headers, const std::string& reset, std::size_t at) {
  constexpr std::size_t kLength = std::string_view("reset").size();
  const std::string before = reset.substr(0, at);
  const std::string after = reset.substr(at + kLength);
  if (headers.get(before + "status" + after) == "rejected") return true;
  if (whole_number(headers.get(before + "used-percent")).value_or(0) >= 100) return true;
  const auto limit = whole_number(headers.get(before + "limit" + after));
  if (limit && *limit <= 0) return false;  // such numbers are no numbers
  return whole_number(headers.get(before + "remaining" + after)).value_or(-1) == 0;
}

}  // namespace

std::optional<Millis> time_left(std::string_view value, WallTime now) {
  constexpr double kMostMs = 1e11;  // three years: what is later is no limit's
  const auto wait = wait_in(value, 1e3, now);
  return wait && static_cast<double>(wait->count()) < kMostMs ? wait : std::nullopt;
}

bool tells_limits(std::string_view name) {
  constexpr std::array<std::string_view, 4> kFamilies = {"x-ratelimit", "ratelimit",
                                                         "anthropic-ratelimit-", "x-codex-"};
  return std::any_of(kFamilies.begin(), kFamilies.end(),
                     [&](std::string_view family) { return name.starts_with(family); });
}

std::optional<Millis> asked_to_wait(const Headers& headers, WallTime now) {
  std::optional<Millis> longest;
  for (const Header& header : headers) {
    const std::string name = ascii_lower(header.name);
    const std::size_t reset = tells_limits(name) ? name.find("reset") : std::string::npos;
    const bool asks = name == "retry-after" || name == "retry-after-ms" ||
                      (reset != std::string::npos && used_up(headers, name, reset));
    if (!asks) continue;
    const auto wait = wait_in(header.value, name == "retry-after-ms" ? 1 : 1e3, now);
    if (wait) longest = std::max(longest.value_or(Millis::zero()), *wait);
  }
  return longest;
}

void ask_to_wait(Headers& headers, Millis wait) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait);
  headers.set("retry-after", std::to_string(seconds.count()));
  if (headers.find("retry-after-ms")) {
    headers.set("retry-after-ms", std::to_string(wait.count()));
  }
}

}  // namespace responses_proxy
