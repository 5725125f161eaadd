#include "log/log_line.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <string_view>
#include <variant>

#include "core/json.h"
#include "core/utf8_text.h"

namespace responses_proxy {

namespace {

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
    case LogLevel::off:
      break;
  }
  return "error";
}

std::string cut(std::string_view text) {
  return utf8_text(text, kMaxLoggedText);
}

Json to_json(const LogEvent::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return cut(*text);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  return std::get<double>(value);
}

}  // namespace

std::string log_time(WallTime time) {
  using namespace std::chrono;
  const auto millis = floor<milliseconds>(time).time_since_epoch();
  const auto seconds = floor<std::chrono::seconds>(millis);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds.count()),
                     (millis - seconds).count());
}

// The bytes below U+0020, DEL, and the C1 controls (U+0080 to U+009F), which begin with 0xC2.
std::string printable(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if (byte < 0x20 || byte == 0x7F) {
      safe += fmt::format("\\x{:02x}", byte);
    } else if (byte == 0xC2 && next >= 0x80 && next < 0xA0) {
      safe += fmt::format("\\x{:02x}", next);
      ++i;
    } else {
      safe += text[i];
    }
  }
  return safe;
}

std::string log_line(const LogEvent& event, LogFormat format, WallTime time) {
  if (format == LogFormat::text) {
    return fmt::format("{} {} {}\n", log_time(time), to_string(event.level),
                       printable(cut(event.message)));
  }
  Json line{{"time", log_time(time)},
            {"level", to_string(event.level)},
            {"event", event.event},
            {"message", cut(event.message)}};
  for (const auto& [name, value] : event.fields) line[name] = to_json(value);
  return dump(line) + "\n";
}

}  // namespace responses_proxy
