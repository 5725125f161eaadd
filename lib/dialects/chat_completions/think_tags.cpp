#include "dialects/chat_completions/think_tags.h"

#include <algorithm>

namespace responses_proxy {

namespace {

constexpr std::string_view kBegin = "<think>";
constexpr std::string_view kEnd = "</think>";
constexpr std::string_view kBlank = " \t\r\n";

// How many bytes at the end of `text` may be the beginning of `tag`.
std::size_t begun(std::string_view text, std::string_view tag) {
  std::size_t most = std::min(text.size(), tag.size() - 1);
  while (most > 0 && !text.ends_with(tag.substr(0, most))) --most;
  return most;
}

}  // namespace

void ThinkTags::look_for_begin() {
  const std::size_t first = held_.find_first_not_of(kBlank);
  if (first == std::string::npos) return;
  const std::string_view text = std::string_view(held_).substr(first);
  if (text.starts_with(kBegin)) {
    held_.erase(0, first + kBegin.size());
    state_ = State::thinking;
  } else if (!kBegin.starts_with(text)) {
    state_ = State::saying;
  }
}

std::string ThinkTags::take_thought() {
  const std::size_t end = held_.find(kEnd);
  const bool whole = end != std::string::npos;
  const std::size_t size = whole ? end : held_.size() - begun(held_, kEnd);
  std::string thought = held_.substr(0, size);
  held_.erase(0, whole ? end + kEnd.size() : size);
  if (whole) state_ = State::behind;
  return thought;
}

void ThinkTags::skip_blanks() {
  held_.erase(0, std::min(held_.find_first_not_of(kBlank), held_.size()));
  if (!held_.empty()) state_ = State::saying;
}

}  // namespace responses_proxy
