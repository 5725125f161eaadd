#include "health/retry_after.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>

namespace responses_proxy {

namespace {

// A number at the front of `text`, which is moved behind it.
std::optional<double> take_number(std::string_view& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// Too long for any cap, but far from overflowing Millis.
constexpr double kForeverMs = 1e12;

std::optional<Millis> positive(double milliseconds) {
  if (!(milliseconds > 0)) return std::nullopt;  // NaN too
  return Millis(static_cast<Millis::rep>(std::min(milliseconds, kForeverMs)));
}

std::optional<Millis> plain_number(std::string_view text, double unit_ms) {
  const auto number = take_number(text);
  if (!number || !text.empty()) return std::nullopt;
  return positive(*number * unit_ms);
}

std::optional<Millis> http_date(std::string_view text, WallTime now) {
  tm parts{};
  const std::string date(text);
  const char* end = strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  // In floating point: system_clock's nanoseconds end in the year 2262.
  using FloatMs = std::chrono::duration<double, std::milli>;
  const FloatMs until = std::chrono::duration<double>(timegm(&parts));
  return positive((until - FloatMs(now.time_since_epoch())).count());
}

// "6m0s", "1.5s", "20ms".
std::optional<Millis> go_duration(std::string_view text) {
  double total_ms = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    if (text.starts_with("ms")) {
      total_ms += *number;
      text.remove_prefix(2);
      continue;
    }
    const char unit = text.empty() ? 's' : text.front();
    if (!text.empty()) text.remove_prefix(1);
    if (unit == 's') {
      total_ms += *number * 1e3;
    } else if (unit == 'm') {
      total_ms += *number * 60e3;
    } else if (unit == 'h') {
      total_ms += *number * 3600e3;
    } else if (unit == 'd') {
      total_ms += *number * 86400e3;
    } else {
      return std::nullopt;
    }
  }
  return positive(total_ms);
}

}  // namespace

std::optional<Millis> asked_to_wait(const Headers& headers, WallTime now, Millis cap) {
  std::optional<Millis> longest;
  const auto ask = [&](std::optional<Millis> wait) {
    if (wait && (!longest || *wait > *longest)) longest = wait;
  };
  ask(plain_number(headers.get("retry-after-ms"), 1));
  const std::string_view retry_after = headers.get("retry-after");
  ask(plain_number(retry_after, 1000));
  ask(http_date(retry_after, now));
  for (const std::string_view what : {"requests", "tokens"}) {
    const std::string suffix(what);
    if (headers.get("x-ratelimit-remaining-" + suffix) != "0") continue;
    ask(go_duration(headers.get("x-ratelimit-reset-" + suffix)));
  }
  if (longest) longest = std::min(*longest, cap);
  return longest;
}

}  // namespace responses_proxy
