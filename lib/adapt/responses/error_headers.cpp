#include "adapt/responses/error_headers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "core/json_reader.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;

constexpr std::array<std::string_view, 6> kNames = {
    "retry-after",
    "retry-after-ms",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-tokens",
};

std::string text_of(element value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return std::string(text);
  return value.is_number() ? simdjson::minify(value) : std::string();
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool take_word(std::string_view& text, std::string_view word) {
  if (text.size() < word.size() || !equals_ignore_case(text.substr(0, word.size()), word)) {
    return false;
  }
  text.remove_prefix(word.size());
  return true;
}

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

// "20s", "1.5 seconds", "250 ms" at the front of `text`.
std::optional<double> duration_ms(std::string_view text) {
  skip_blanks(text);
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  skip_blanks(text);
  if (take_word(text, "ms")) return number;
  if (take_word(text, "s")) return number * 1000;
  return std::nullopt;
}

std::optional<double> wait_in(std::string_view message) {
  constexpr std::string_view kAgain = "try again in";
  for (;;) {
    const auto found =
        std::search(message.begin(), message.end(), kAgain.begin(), kAgain.end(),
                    [](char letter, char wanted) { return lower(letter) == wanted; });
    if (found == message.end()) return std::nullopt;
    message.remove_prefix(static_cast<std::size_t>(found - message.begin()) + kAgain.size());
    if (const auto wait = duration_ms(message)) return wait;
  }
}

}  // namespace

Headers headers_of_error(element error) {
  Headers found;
  simdjson::dom::object headers;
  if (error["headers"].get(headers) == simdjson::SUCCESS) {
    for (const std::string_view name : kNames) {
      element value;
      if (headers.at_key_case_insensitive(name).get(value) != simdjson::SUCCESS) continue;
      if (std::string text = text_of(value); !text.empty()) {
        found.add(std::string(name), std::move(text));
      }
    }
  }
  if (found.find("retry-after") || found.find("retry-after-ms")) return found;
  if (const auto wait = wait_in(string_at(error, "message"))) {
    found.add("retry-after-ms", fmt::format("{}", *wait));
  }
  return found;
}

}  // namespace responses_proxy
