// JsonCursor: goes over a JSON text from one value to the next.
//
// What is passed over is not judged: of a value only the brackets are counted and the strings
// found. Strings are crossed in blocks of 16 bytes (see json_block.h). Neither memory nor stack
// grow with the depth.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/json_block.h"

namespace responses_proxy {

class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  // The first character of what comes next; NUL: nothing does. Usually there are no blanks.
  char next() { return at_ < end_ && !may_be_blank(*at_) ? *at_ : next_behind_blanks(); }
  // Takes that character, which is not NUL, if it comes next.
  bool take(char wanted) {
    const bool comes = (at_ < end_ && *at_ == wanted) || next_behind_blanks() == wanted;
    if (comes) ++at_;
    return comes;
  }
  // Each takes what comes next, as it stands. "": it is something else, or broken.
  std::string_view take_string() {  // with its quotes
    if (next() != '"') return {};
    const char* const begin = at_;
    return skip_string() ? since(begin) : std::string_view();
  }
  std::string_view take_value();
  // The same of a value that nobody looks at. false: there is none, or it is broken.
  bool pass_value() {
    const char first = next();
    if (first == '"') return skip_string();
    return first == '{' || first == '[' ? skip_container() : skip_scalar();
  }
  // Whether there was a backslash in the string that was taken last.
  bool escaped() const { return escaped_; }
  bool at_end() {
    next_behind_blanks();
    return at_ == end_;
  }

  // Where it is: what has been taken ends there, what comes next() begins there.
  const char* place() const { return at_; }
  std::string_view since(const char* begin) const {
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }

 private:
  static bool may_be_blank(char c) { return static_cast<unsigned char>(c) <= ' '; }
  char next_behind_blanks();
  // Keys, ids and words have no more than a block, and nothing in them that is not just a byte.
  bool skip_string() {
    if (end_ - at_ > static_cast<std::ptrdiff_t>(sizeof(ByteBlock))) {
      const std::size_t plain = first_set(stops_in(at_ + 1));
      if (plain < sizeof(ByteBlock) && at_[1 + plain] == '"') {
        escaped_ = false;
        at_ += plain + 2;
        return true;
      }
    }
    return skip_long_string();
  }
  bool skip_long_string();
  bool skip_container();
  bool skip_scalar();

  const char* at_;
  const char* end_;
  bool escaped_ = false;
};

// Of a string with its quotes. false: an escape in it means nothing, or half a surrogate pair,
// which no text can hold.
bool unescape(std::string_view string, std::string& content);

}  // namespace responses_proxy
