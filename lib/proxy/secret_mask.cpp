#include "proxy/secret_mask.h"

#include <algorithm>
#include <utility>

#include "core/json.h"
#include "responses_proxy/request.h"

namespace responses_proxy {

namespace {

// Shortest token that is taken for one on its looks alone.
constexpr std::size_t kToken = 8;

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
         c == '-';
}

template <class Is>
std::size_t run_length(std::string_view text, Is is) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is) - text.begin());
}

// RFC 6750's token68 at the front of `text`, with the "\/" that JSON allows for "/".
std::size_t token_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size()) {
    const char c = text[length];
    if (is_word(c) || std::string_view(".~+/=").find(c) != std::string_view::npos) {
      ++length;
    } else if (text.substr(length, 2) == "\\/") {
      length += 2;
    } else {
      break;
    }
  }
  return length;
}

// "sk-..." at the front of `text`.
std::size_t key_length(std::string_view text) {
  constexpr std::string_view kPrefix = "sk-";
  if (!text.starts_with(kPrefix)) return 0;
  const std::size_t length = run_length(text, is_word);
  return length >= kPrefix.size() + kToken ? length : 0;
}

// "Bearer " at the front of `text`, when a token follows.
std::size_t bearer_prefix(std::string_view text) {
  constexpr std::string_view kScheme = "bearer";
  if (!equals_ignore_case(text.substr(0, kScheme.size()), kScheme)) return 0;
  const std::size_t blanks =
      run_length(text.substr(kScheme.size()), [](char c) { return c == ' '; });
  const std::size_t token = kScheme.size() + blanks;
  return blanks > 0 && token_length(text.substr(token)) >= kToken ? token : 0;
}

// The first two bytes, as an index.
std::size_t pair_at(std::string_view text) {
  return static_cast<std::size_t>(static_cast<unsigned char>(text[0])) << 8U |
         static_cast<unsigned char>(text[1]);
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

}  // namespace

SecretMask::SecretMask(const std::vector<const Secret*>& secrets) {
  for (const Secret* secret : secrets) {
    const std::string& value = secret->reveal();
    if (value.size() < kShortest) continue;
    const std::string quoted = dump(value);
    const std::string escaped = quoted.substr(1, quoted.size() - 2);
    add(replaced(escaped, "/", "\\/"));
    add(escaped);
    add(value);
  }
  std::sort(values_.begin(), values_.end());
  values_.erase(std::unique(values_.begin(), values_.end()), values_.end());
}

void SecretMask::add(std::string value) {
  starts_.set(pair_at(value));
  values_.push_back(std::move(value));
}

std::size_t SecretMask::known(std::string_view text, std::size_t at) const {
  const std::string_view rest = text.substr(at);
  if (rest.size() < kShortest || !starts_.test(pair_at(rest))) return 0;
  const std::string_view start = rest.substr(0, kShortest);
  std::size_t longest = 0;
  for (auto value = std::lower_bound(values_.begin(), values_.end(), start);
       value != values_.end() && value->starts_with(start); ++value) {
    const std::size_t length = std::min(value->size(), rest.size());
    if (value->compare(0, length, rest, 0, length) != 0) continue;
    const bool alone =
        (at == 0 || !is_word(text[at - 1])) && (length == rest.size() || !is_word(rest[length]));
    if (alone || value->size() >= kDistinct) longest = std::max(longest, length);
  }
  return longest;
}

std::string SecretMask::apply(std::string_view text, std::size_t limit) const {
  constexpr std::string_view kMask = "***";
  const std::size_t end = std::min(limit, text.size());
  std::string masked;
  std::size_t at = 0;
  std::size_t plain = 0;  // start of what is still to be copied
  while (at < end) {
    const std::string_view rest = text.substr(at);
    const bool word_begins = at == 0 || !is_word(text[at - 1]);
    if (const std::size_t prefix = word_begins ? bearer_prefix(rest) : 0) {
      masked.append(text, plain, at - plain + prefix).append(kMask);
      at += prefix + token_length(rest.substr(prefix));
      plain = at;
      continue;
    }
    const std::size_t secret = std::max(known(text, at), word_begins ? key_length(rest) : 0);
    if (secret == 0) {
      ++at;
      continue;
    }
    masked.append(text, plain, at - plain).append(kMask);
    plain = at += secret;
  }
  if (plain < end) masked.append(text, plain, end - plain);
  return masked;
}

}  // namespace responses_proxy
