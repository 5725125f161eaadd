#include "demo/demo_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace responses_proxy::demo {

namespace {

constexpr std::size_t kQuotedWords = 20;
constexpr std::string_view kExactly = "reply with exactly:";

bool is_space(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string text_of(const Json& content) {
  if (content.is_string()) return content.get<std::string>();
  std::string text;
  if (!content.is_array()) return text;
  for (const Json& part : content) {
    if (!part.is_object() || !part.contains("text") || !part["text"].is_string()) continue;
    if (!text.empty()) text += '\n';
    text += part["text"].get<std::string>();
  }
  return text;
}

}  // namespace

std::string last_user_text(const Json& input) {
  if (!input.is_array()) return text_of(input);
  for (auto item = input.rbegin(); item != input.rend(); ++item) {
    if (item->is_object() && item->value("role", Json()) == "user" && item->contains("content")) {
      return text_of((*item)["content"]);
    }
  }
  return {};
}

std::string answer_to(std::string_view prompt) {
  const auto same_letter = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  };
  const auto found =
      std::search(prompt.begin(), prompt.end(), kExactly.begin(), kExactly.end(), same_letter);
  if (found != prompt.end()) {
    const auto at = static_cast<std::size_t>(found - prompt.begin());
    const std::string_view rest = trimmed(prompt.substr(at + kExactly.size()));
    return std::string(trimmed(rest.substr(0, rest.find('\n'))));
  }
  const auto words = split_into_deltas(trimmed(prompt));
  if (words.empty()) return "Hello from the demo upstream. You said nothing, and that is fine.";
  std::string quoted;
  for (std::size_t i = 0; i < std::min(words.size(), kQuotedWords); ++i) quoted += words[i];
  return fmt::format(
      "Hello from the demo upstream. You said: \"{}{}\" A real model would have more to say.",
      trimmed(quoted), words.size() > kQuotedWords ? " ..." : "");
}

std::vector<std::string> split_into_deltas(std::string_view text) {
  std::vector<std::string> deltas;
  std::size_t begin = 0;
  for (std::size_t i = 1; i <= text.size(); ++i) {
    const bool word_begins = i < text.size() && is_space(text[i - 1]) && !is_space(text[i]);
    if (i < text.size() && !word_begins) continue;
    deltas.emplace_back(text.substr(begin, i - begin));
    begin = i;
  }
  return deltas;
}

std::int64_t count_words(const Json& json) {
  if (json.is_string()) {
    const std::string_view text = trimmed(json.get_ref<const std::string&>());
    return static_cast<std::int64_t>(split_into_deltas(text).size());
  }
  std::int64_t words = 0;
  if (json.is_structured()) {
    for (const Json& child : json) words += count_words(child);
  }
  return words;
}

}  // namespace responses_proxy::demo
