// Utf8Check: whether a text that comes in pieces is UTF-8.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace responses_proxy {

class Utf8Check {
 public:
  // The next piece; a character may begin in one and end in the next. False, as soon as it shows:
  // it is none.
  bool take(std::string_view piece);
  // No character is left unfinished.
  bool complete() const { return begun_ == 0; }

 private:
  bool may_go_on() const;

  static constexpr std::size_t kMaxCharacter = 4;  // bytes

  std::array<char, kMaxCharacter> character_{};  // that the last piece has begun
  std::size_t begun_ = 0;                        // its bytes so far
};

}  // namespace responses_proxy
