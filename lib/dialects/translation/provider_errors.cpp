#include "dialects/translation/provider_errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "core/ascii_case.h"
#include "core/json_reader.h"
#include "core/utf8_text.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;

constexpr std::string_view kContextCode = "context_length_exceeded";
constexpr int kProvidersFault = 502;

// In lower case.
constexpr std::array<std::string_view, 22> kContextWords = {
    "maximum context length",
    "context length exceeded",
    "context_length_exceeded",
    "exceed_context_size",
    "exceeds the available context size",
    "exceeds the context window",
    "exceed context window",
    "exceeds the model's context",
    "exceed context limit",
    "exceeds maximum context",
    "longer than the context length",
    "greater than the context length",
    "larger than the context",
    "prompt is too long",
    "input is too long",
    "prompt too long",
    "too many input tokens",
    "exceeded model token limit",
    "exceeds the maximum number of tokens",
    "maximum prompt length",
    "range of input length should be",
    "longer than the model's context",
};

// The first object of an array, else what is given.
element unwrapped(element root) {
  simdjson::dom::array array;
  if (root.get(array) != simdjson::SUCCESS) return root;
  for (const element one : array) return one;
  return root;
}

std::optional<std::int64_t> number_at(element object, std::string_view key) {
  std::int64_t number = 0;
  return object[key].get(number) == simdjson::SUCCESS ? std::optional(number) : std::nullopt;
}

bool is_status(std::int64_t number) {
  return number >= 400 && number < 600;
}

// What a router's provider has said itself.
std::string_view words_behind(element error) {
  element metadata;
  if (error["metadata"].get(metadata) != simdjson::SUCCESS) return {};
  return string_at(metadata, "raw");
}

bool is_about_context(int status, const ErrorWords& words) {
  if (status == 429) return false;
  const std::string said = ascii_lower(words.code + ' ' + words.type + ' ' + words.message);
  return std::any_of(kContextWords.begin(), kContextWords.end(),
                     [&](std::string_view word) { return said.find(word) != std::string::npos; });
}

// An endpoint that is not there says so without a word about models.
bool is_about_model(int status, const ErrorWords& words) {
  return status == 404 && ascii_lower(words.message).find("model") != std::string::npos;
}

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [behind, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && behind == end ? std::optional(number) : std::nullopt;
}

// "RateLimitError", "rate_limit" and "Rate limit" are one word.
std::string folded(std::string_view word) {
  std::string letters;
  for (const char c : ascii_lower(word)) {
    if (c >= 'a' && c <= 'z') letters += c;
  }
  return letters;
}

// What a word that nobody has listed says all the same. nullopt: nothing that is known.
std::optional<int> status_in_word(std::string_view word) {
  if (word.empty()) return std::nullopt;
  // 400 is also what it says of words that it does not know.
  if (const int status = status_of_error_code(word); status != 400) return status;
  struct Beginning {
    std::string_view letters;
    int status;
  };
  constexpr std::array kBeginnings = {
      Beginning{"ratelimit", 429},
      Beginning{"toomanyrequests", 429},
      Beginning{"throttl", 429},
      Beginning{"resourceexhausted", 429},
      Beginning{"unauthenticated", 401},
      Beginning{"unauthorized", 401},
      Beginning{"authentication", 401},
      Beginning{"permission", 403},
      Beginning{"forbidden", 403},
      Beginning{"notfound", 404},
      Beginning{"invalidresponse", 502},
      Beginning{"invalid", 400},
      Beginning{"unsupported", 400},
      Beginning{"missing", 400},
      Beginning{"badrequest", 400},
      Beginning{"unprocessable", 400},
      Beginning{"validation", 400},
      Beginning{"contextlength", 400},
      Beginning{"contextwindow", 400},
      Beginning{"exceedcontext", 400},
      Beginning{"contentfilter", 400},
      Beginning{"contentpolicy", 400},
      Beginning{"failedprecondition", 400},
      Beginning{"requesttoolarge", 413},
  };
  const std::string letters = folded(word);
  const auto* const found =
      std::find_if(kBeginnings.begin(), kBeginnings.end(),
                   [&](const Beginning& one) { return letters.starts_with(one.letters); });
  return found == kBeginnings.end() ? std::nullopt : std::optional(found->status);
}

// What is not known to be the client's fault is the provider's.
int status_in_words(const ErrorWords& words) {
  if (const auto status = status_in_word(words.code)) return *status;
  return status_in_word(words.type).value_or(kProvidersFault);
}

std::string code_of_status(int status) {
  if (status == 401) return "invalid_api_key";
  if (status == 403) return "permission_denied";
  if (status == 404) return "not_found";
  if (status == 429) return "rate_limit_exceeded";
  if (status == 503 || status == 529) return "server_is_overloaded";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

AnswerError finished(int status, ErrorWords words) {
  AnswerError error;
  error.status = status == 529 ? 503 : status;
  error.words = std::move(words);
  if (error.words.code.empty()) error.words.code = code_of_status(status);
  if (is_about_model(status, error.words)) error.words.code = "model_not_found";
  if (is_about_context(status, error.words)) {
    error.status = 400;
    error.words.code = kContextCode;
    error.words.type = "invalid_request_error";
  }
  return error;
}

// With the number that stands for a code, or for the status.
ErrorWords read_words(element root, std::optional<std::int64_t>& number) {
  element error;
  if (root["error"].get(error) != simdjson::SUCCESS || error.is_null()) error = root;
  ErrorWords words = read_error_words(root);
  number = number_at(error, "code");
  if (!number) number = number_at(error, "status");
  if (words.type.empty()) words.type = utf8_text(string_at(error, "status"), ErrorWords::kMaxCode);
  if (const std::string_view behind = words_behind(error); !behind.empty()) {
    words.message =
        utf8_text(fmt::format("{}: {}", words.message, behind), ErrorWords::kMaxMessage);
  }
  return words;
}

}  // namespace

AnswerError provider_error(int status, std::string_view body) {
  ErrorWords words;
  std::optional<std::int64_t> number;
  const bool json =
      read_any_json(body, [&](element root) { words = read_words(unwrapped(root), number); });
  if (!json) words.message = utf8_text(body, ErrorWords::kMaxMessage);
  return finished(status, std::move(words));
}

AnswerError provider_error_in_band(element root) {
  std::optional<std::int64_t> number;
  ErrorWords words = read_words(unwrapped(root), number);
  // read_error_words() puts the type where there is no code.
  if (number && (words.code.empty() || words.code == words.type)) {
    words.code = std::to_string(*number);
  }
  if (!number) number = number_in(words.code);
  const bool is_known = number && is_status(*number);
  const int status = is_known ? static_cast<int>(*number) : status_in_words(words);
  return finished(status, std::move(words));
}

bool holds_error(element root) {
  root = unwrapped(root);
  element error;
  if (root["error"].get(error) == simdjson::SUCCESS && (error.is_object() || error.is_string())) {
    return true;
  }
  return string_at(root, "object") == "error" || string_at(root, "type") == "error";
}

}  // namespace responses_proxy
