// JsonCursor: goes over a JSON text from one value to the next.
//
// What is passed over is not judged: of a value only the brackets are counted and the strings
// found. Strings are crossed in blocks of 16 bytes. Neither memory nor stack grow with the depth.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace responses_proxy {

class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  // The first character of what comes next; NUL: nothing does.
  char next() {
    skip_blanks();
    return at_ < end_ ? *at_ : '\0';
  }
  // Takes that character, which is not NUL, if it comes next.
  bool take(char wanted) {
    if (at_ == end_ || *at_ != wanted) {  // usually there are no blanks
      if (next() != wanted) return false;
    }
    ++at_;
    return true;
  }
  // Each takes what comes next, as it stands. "": it is something else, or broken.
  std::string_view take_string();  // with its quotes
  std::string_view take_value();
  // Whether there was a backslash in the string that was taken last.
  bool escaped() const { return escaped_; }
  bool at_end() {
    skip_blanks();
    return at_ == end_;
  }

  // Where it is: what has been taken ends there, what comes next() begins there.
  const char* place() const { return at_; }
  std::string_view since(const char* begin) const {
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
  void skip_blanks() {
    while (at_ < end_ && static_cast<unsigned char>(*at_) <= ' ' && is_blank(*at_)) ++at_;
  }
  bool skip_string();
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
