#include "dialects/translation/any_json.h"

#include "core/json.h"

namespace responses_proxy {

namespace {

constexpr std::string_view kMark = "\"\\u0001";  // and the number, and a quote
// What simdjson holds has no more digits, or no exponent.
constexpr std::size_t kHeld = 17;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_of_number(char c) {
  return is_digit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

std::size_t digits(std::string_view text, std::size_t at) {
  const std::size_t begin = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  return at - begin;
}

// RFC 8259, section 6.
bool is_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = digits(text, at);
  if (whole == 0 || (whole > 1 && text[at] == '0')) return false;
  at += whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = digits(text, at + 1);
    if (fraction == 0) return false;
    at += 1 + fraction;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t exponent = digits(text, at);
    if (exponent == 0) return false;
    at += exponent;
  }
  return at == text.size();
}

// The whole string at the beginning, with its quotes; all of it if it has no end.
std::string_view string_in_front(std::string_view json) {
  std::size_t at = 1;
  while (at < json.size() && json[at] != '"') at += json[at] == '\\' ? 2 : 1;
  return json.substr(0, std::min(at + 1, json.size()));
}

std::string_view number_in_front(std::string_view json) {
  std::size_t size = 0;
  while (size < json.size() && is_of_number(json[size])) ++size;
  return json.substr(0, size);
}

bool may_be_too_large(std::string_view number) {
  return number.size() > kHeld || number.find_first_of("eE") != std::string_view::npos;
}

// Whether what stands in front of `rest` is in the place of a member's name, where no number may
// be.
bool is_name(std::string_view rest) {
  const std::size_t next = rest.find_first_not_of(" \t\r\n");
  return next != std::string_view::npos && rest[next] == ':';
}

std::string with_marked_numbers(std::string_view json) {
  std::string marked;
  marked.reserve(json.size());
  while (!json.empty()) {
    std::string_view taken = json.substr(0, 1);
    if (json.front() == '"') {
      taken = string_in_front(json);
    } else if (json.front() == '-' || is_digit(json.front())) {
      taken = number_in_front(json);
      if (may_be_too_large(taken) && is_number(taken) && !is_name(json.substr(taken.size()))) {
        marked.append(kMark).append(taken).append(1, '"');
        json.remove_prefix(taken.size());
        continue;
      }
    }
    marked.append(taken);
    json.remove_prefix(taken.size());
  }
  return marked;
}

// A member's name is a text, whatever it looks like.
std::string with_numbers(std::string_view json) {
  std::string numbers;
  numbers.reserve(json.size());
  while (!json.empty()) {
    const bool string = json.front() == '"';
    const std::string_view taken = string ? string_in_front(json) : json.substr(0, 1);
    json.remove_prefix(taken.size());
    const bool marked = string && taken.starts_with(kMark) && !json.starts_with(':');
    const std::string_view number =
        marked ? taken.substr(kMark.size(), taken.size() - kMark.size() - 1) : std::string_view();
    numbers.append(is_number(number) ? number : taken);
  }
  return numbers;
}

}  // namespace

bool AnyJson::read(std::string_view text) {
  marked_ = !json_.read(text);
  return !marked_ || json_.read(with_marked_numbers(text));
}

std::string AnyJson::text_of(simdjson::dom::element value) const {
  return restored(simdjson::minify(value));
}

std::string AnyJson::restored(std::string made) const {
  return marked_ ? with_numbers(made) : made;
}

std::string object_text(std::string_view text) {
  std::string object;
  const bool held = read_any_json(text, [&](simdjson::dom::element root) {
    if (root.is_object()) object = simdjson::minify(root);
  });
  if (held) return object;
  AnyJson json;
  if (json.read(text)) return json.root().is_object() ? json.text_of(json.root()) : object;
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool may_be_object = first != std::string_view::npos && text[first] == '{';
  return may_be_object && Json::accept(with_marked_numbers(text)) ? std::string(text) : object;
}

}  // namespace responses_proxy
