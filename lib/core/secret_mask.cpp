#include "core/secret_mask.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

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

// "sk-..." at the front of `text`; providers show keys with stars in the middle.
std::size_t key_length(std::string_view text) {
  constexpr std::string_view kPrefix = "sk-";
  if (!text.starts_with(kPrefix)) return 0;
  const std::size_t length = run_length(text, [](char c) { return is_word(c) || c == '*'; });
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

std::size_t index_of(char c) {
  return static_cast<unsigned char>(c);
}

// What a credential can be: the bits of SecretMask::Kinds.
constexpr std::uint8_t kBearer = 1;
constexpr std::uint8_t kKey = 2;      // "sk-"
constexpr std::uint8_t kValue = 4;    // known
constexpr std::uint8_t kEncoded = 8;  // known; it begins with an encoded character

// A character that stands encoded in a text, and how many bytes that takes.
struct Encoded {
  char value;
  std::size_t length;
};

std::optional<Encoded> hex_at(std::string_view text, std::size_t prefix, std::size_t digits) {
  if (text.size() < prefix + digits) return std::nullopt;
  unsigned code = 0;
  const char* end = text.data() + prefix + digits;
  const auto [stop, error] = std::from_chars(text.data() + prefix, end, code, 16);
  if (error != std::errc{} || stop != end || code > 0x7F) return std::nullopt;
  return Encoded{static_cast<char>(code), prefix + digits};
}

// "%2D", "\u002d" or "\/" at the front of `text`.
std::optional<Encoded> encoded_at(std::string_view text) {
  if (text.starts_with('%')) return hex_at(text, 1, 2);
  if (text.starts_with("\\u")) return hex_at(text, 2, 4);
  if (text.size() < 2 || text[0] != '\\') return std::nullopt;
  if (text[1] != '/' && text[1] != '"' && text[1] != '\\') return std::nullopt;
  return Encoded{text[1], 2};
}

// How much of the front of `text` is `value`, with any of its characters encoded; the text may cut
// it off. 0 = it is another.
std::size_t encoded_length(std::string_view text, std::string_view value) {
  std::size_t used = 0;
  std::size_t same = 0;
  while (same < value.size() && used < text.size()) {
    const auto encoded = encoded_at(text.substr(used));
    const char c = encoded ? encoded->value : text[used];
    if (c != value[same]) return 0;
    used += encoded ? encoded->length : 1;
    ++same;
  }
  return same >= SecretMask::kShortest ? used : 0;
}

}  // namespace

SecretMask::SecretMask(const std::vector<const Secret*>& secrets) {
  const auto set = [](Kinds& place, std::string_view bytes, std::uint8_t kind) {
    for (const char c : bytes) place[index_of(c)] |= kind;
  };
  set(first_, "bB", kBearer);
  set(second_, "eE", kBearer);
  set(first_, "s", kKey);
  set(second_, "k", kKey);
  set(first_, "%\\", kEncoded);
  set(second_, "%\\", kValue);  // that of a value may be encoded
  for (const Secret* secret : secrets) {
    const std::string& value = secret->reveal();
    if (value.size() < kShortest) continue;
    values_.push_back(value);
    set(first_, value.substr(0, 1), kValue);
    set(second_, value.substr(1, 1), kValue);
  }
  std::sort(values_.begin(), values_.end());
  values_.erase(std::unique(values_.begin(), values_.end()), values_.end());
}

std::size_t SecretMask::known(std::string_view text, std::size_t at) const {
  const char c = text[at];
  const bool plain = (first_[index_of(c)] & kValue) != 0;
  const bool encoded = (first_[index_of(c)] & kEncoded) != 0;
  if (!plain && !encoded) return 0;
  return std::max(plain ? known_plain(text, at) : 0, known_encoded(text, at));
}

std::size_t SecretMask::known_plain(std::string_view text, std::size_t at) const {
  const std::string_view rest = text.substr(at);
  const std::string_view start = rest.substr(0, kShortest);
  if (start.size() < kShortest) return 0;
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

std::size_t SecretMask::known_encoded(std::string_view text, std::size_t at) const {
  std::size_t longest = 0;
  for (const std::string& value : values_) {
    if (value.size() < kDistinct) continue;
    longest = std::max(longest, encoded_length(text.substr(at), value));
  }
  return longest;
}

std::size_t SecretMask::candidate(std::string_view text, std::size_t at, std::size_t end) const {
  for (; at < end; ++at) {
    const std::uint8_t kinds = first_[index_of(text[at])];
    if (kinds == 0) continue;  // most bytes of most texts: nothing else is asked about them
    if ((kinds & kEncoded) != 0) return at;
    const bool goes_on = at + 1 < text.size() && (kinds & second_[index_of(text[at + 1])]) != 0;
    if (goes_on) return at;
  }
  return end;
}

void SecretMask::apply_to(std::string& text) const {
  if (candidate(text, 0, text.size()) < text.size()) text = apply(text);
}

std::string SecretMask::apply(std::string_view text, std::size_t limit) const {
  constexpr std::string_view kMask = "***";
  const std::size_t end = std::min(limit, text.size());
  std::string masked;
  std::size_t at = 0;
  std::size_t plain = 0;  // start of what is still to be copied
  for (at = candidate(text, at, end); at < end; at = candidate(text, at, end)) {
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
