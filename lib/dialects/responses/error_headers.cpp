#include "dialects/responses/error_headers.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "core/ascii_case.h"
#include "core/json_reader.h"
#include "dialects/retry_after.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;

constexpr std::size_t kMaxHeaders = 32;

std::string text_of(element value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return std::string(text);
  return value.is_number() ? simdjson::minify(value) : std::string();
}

bool tells_waits(std::string_view name) {
  return name.starts_with("retry-after") || name == "x-should-retry" || tells_limits(name);
}

void take_headers(element holder, Headers& found) {
  simdjson::dom::object headers;
  if (holder["headers"].get(headers) != simdjson::SUCCESS) return;
  for (const auto [key, value] : headers) {
    const std::string name = ascii_lower(key);
    if (found.size() == kMaxHeaders || !tells_waits(name)) continue;
    if (const std::string text = text_of(value); !text.empty()) {
      found.add(name, text);
    }
  }
}

// When it ends, in a field of the error's own: seconds, or the time in seconds.
std::string end_in(element error) {
  for (const std::string_view name :
       {"resets_in_seconds", "resets_at", "retry_after", "retry_after_seconds"}) {
    element value;
    if (error[name].get(value) != simdjson::SUCCESS) continue;
    if (std::string text = text_of(value); !text.empty()) return text;
  }
  return {};
}

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

std::optional<double> take_number(std::string_view& text) {
  skip_blanks(text);
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// The letters at the front of `text` as milliseconds; 0 if they are no unit of time.
double take_unit(std::string_view& text) {
  skip_blanks(text);
  const auto is_letter = [](char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; };
  const auto end = std::find_if_not(text.begin(), text.end(), is_letter);
  const std::string word =
      ascii_lower(text.substr(0, static_cast<std::size_t>(end - text.begin())));
  text.remove_prefix(word.size());
  if (word == "ms" || word.starts_with("millisecond")) return 1;
  if (word == "s" || word.starts_with("sec")) return 1e3;
  if (word == "m" || word.starts_with("min")) return 60e3;
  if (word == "h" || word.starts_with("hour")) return 3'600e3;
  if (word == "d" || word.starts_with("day")) return 86'400e3;
  return 0;
}

// "20s", "1.5 seconds", "6m0s", "250 ms" at the front of `text`.
std::optional<double> duration_ms(std::string_view text) {
  std::optional<double> total;
  while (const auto number = take_number(text)) {
    const double unit = take_unit(text);
    if (unit == 0) break;
    total = total.value_or(0) + *number * unit;
  }
  return total;
}

std::optional<double> wait_in(std::string_view message) {
  const std::string text = ascii_lower(message);
  for (const std::string_view phrase :
       {"try again in", "try again after", "retry after", "retry in", "resets in"}) {
    for (std::size_t at = text.find(phrase); at != std::string::npos; at = text.find(phrase, at)) {
      at += phrase.size();
      if (const auto wait = duration_ms(std::string_view(text).substr(at))) return wait;
    }
  }
  return std::nullopt;
}

}  // namespace

Headers headers_of_error(element error) {
  Headers found;
  take_headers(error, found);
  element metadata;
  if (error["metadata"].get(metadata) == simdjson::SUCCESS) take_headers(metadata, found);
  if (found.find("retry-after") || found.find("retry-after-ms")) return found;
  if (std::string end = end_in(error); !end.empty()) {
    found.add("retry-after", std::move(end));
  } else if (const auto wait = wait_in(string_at(error, "message"))) {
    found.add("retry-after-ms", fmt::format("{}", *wait));
  }
  return found;
}

}  // namespace responses_proxy
