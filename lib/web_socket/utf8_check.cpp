#include "web_socket/utf8_check.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

namespace responses_proxy {

namespace {

bool continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U;
}

// Of the character that begins with `first`; 1 also for what begins none, which simdjson refuses.
std::size_t length_of(char first) {
  const auto byte = static_cast<unsigned char>(first);
  if (byte >= 0xf0U) return 4;
  if (byte >= 0xe0U) return 3;
  return byte >= 0xc0U ? 2 : 1;
}

// Of the bytes at the end of `text` that begin a character and do not end it.
std::size_t begun_at_end(std::string_view text) {
  std::size_t tail = 0;
  while (tail < text.size() && tail < 3 && continues(text[text.size() - 1 - tail])) ++tail;
  if (tail == text.size()) return 0;  // it begins none
  const std::size_t from_first = tail + 1;
  return from_first < length_of(text[text.size() - from_first]) ? from_first : 0;
}

}  // namespace

bool Utf8Check::take(std::string_view piece) {
  if (begun_ > 0) {
    const std::size_t missing = length_of(character_[0]) - begun_;
    const std::size_t taken = std::min(missing, piece.size());
    std::copy_n(piece.begin(), taken, character_.begin() + static_cast<std::ptrdiff_t>(begun_));
    begun_ += taken;
    piece.remove_prefix(taken);
    if (taken < missing) return may_go_on();
    if (!simdjson::validate_utf8(character_.data(), std::exchange(begun_, 0))) return false;
  }
  begun_ = begun_at_end(piece);
  const std::string_view begun = piece.substr(piece.size() - begun_);
  std::copy(begun.begin(), begun.end(), character_.begin());
  return simdjson::validate_utf8(piece.data(), piece.size() - begun_) && may_go_on();
}

// Whether a character can begin with what has begun: only its second byte depends on the first.
bool Utf8Check::may_go_on() const {
  constexpr char kSomeByte = '\x80';
  constexpr unsigned char kFirstOfTwo = 0xc2;
  constexpr unsigned char kLastOfFour = 0xf4;
  if (begun_ == 0) return true;
  const auto first = static_cast<unsigned char>(character_[0]);
  if (begun_ == 1) return first >= kFirstOfTwo && first <= kLastOfFour;
  auto whole = character_;
  std::fill(whole.begin() + static_cast<std::ptrdiff_t>(begun_), whole.end(), kSomeByte);
  return simdjson::validate_utf8(whole.data(), length_of(whole[0]));
}

}  // namespace responses_proxy
