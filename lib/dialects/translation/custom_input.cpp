#include "dialects/translation/custom_input.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "dialects/translation/client_tools.h"

namespace responses_proxy {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kHead = "{\"input\":\"";
// Blanks may stand in front of its brackets, quotes and colon.
constexpr bool blanks_before(std::size_t part) {
  return part < 2 || part > kHead.find(':') - 1;
}
constexpr std::size_t kLongestEscape = 6;  // \uXXXX
constexpr unsigned kReplacement = 0xFFFD;

bool is_first_half(unsigned unit) {
  return unit >= 0xD800 && unit < 0xDC00;
}
bool is_second_half(unsigned unit) {
  return unit >= 0xDC00 && unit < 0xE000;
}

void append_utf8(std::string& out, unsigned code) {
  const auto put = [&out](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | (code >> 6U));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12U));
    put(0x80 | ((code >> 6U) & 0x3FU));
  } else {
    put(0xF0 | (code >> 18U));
    put(0x80 | ((code >> 12U) & 0x3FU));
    put(0x80 | ((code >> 6U) & 0x3FU));
  }
  put(0x80 | (code & 0x3FU));
}

// Of what stands behind a backslash; another character stands for itself.
char unescaped(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
  }
}

}  // namespace

std::string_view CustomInput::add(std::string_view arguments) {
  const std::size_t before = text_.size();
  switch (form_) {
    case Form::wrapped:
      unwrap(arguments);
      break;
    case Form::plain:
      text_.append(arguments);
      break;
    case Form::over:
      break;
    case Form::other:
      held_.append(arguments);
      break;
    case Form::unknown:
      held_.append(arguments);
      find_form();
  }
  return std::string_view(text_).substr(before);
}

std::string_view CustomInput::end() {
  const std::size_t before = text_.size();
  if (form_ == Form::unknown || form_ == Form::other) {
    text_ = input_of(std::exchange(held_, {}));
  }
  flush_half();
  form_ = Form::over;
  return std::string_view(text_).substr(before);
}

void CustomInput::find_form() {
  for (; matched_ < kHead.size(); ++matched_) {
    if (blanks_before(matched_)) {
      at_ = std::min(held_.find_first_not_of(kBlanks, at_), held_.size());
    }
    if (at_ == held_.size()) return;
    const char c = held_[at_++];
    if (c == kHead[matched_]) continue;
    const bool plain = matched_ == 0 && c != '"';
    form_ = plain ? Form::plain : Form::other;
    if (plain) text_ = std::exchange(held_, {});
    return;
  }
  form_ = Form::wrapped;
  const std::string held = std::exchange(held_, {});
  unwrap(std::string_view(held).substr(at_));
}

void CustomInput::unwrap(std::string_view piece) {
  while (!piece.empty() && form_ == Form::wrapped) {
    if (!escape_.empty()) {
      take_escape(piece.front());
      piece.remove_prefix(1);
      continue;
    }
    const std::size_t plain = piece.find_first_of("\"\\");
    if (plain != 0) flush_half();
    text_.append(piece.substr(0, plain));
    if (plain == std::string_view::npos) return;
    if (piece[plain] == '"') {
      flush_half();
      form_ = Form::over;
    } else {
      escape_ = '\\';
    }
    piece.remove_prefix(plain + 1);
  }
}

void CustomInput::take_escape(char c) {
  escape_ += c;
  if (escape_[1] != 'u') {
    flush_half();
    text_ += unescaped(c);
    escape_.clear();
    return;
  }
  if (escape_.size() < kLongestEscape) return;
  unsigned unit = 0;
  const char* const end = escape_.data() + kLongestEscape;
  const auto [behind, error] = std::from_chars(escape_.data() + 2, end, unit, 16);
  const bool read = error == std::errc{} && behind == end;
  escape_.clear();
  take_code_unit(read ? unit : kReplacement);
}

void CustomInput::take_code_unit(unsigned unit) {
  if (half_ != 0 && is_second_half(unit)) {
    const unsigned first = std::exchange(half_, 0);
    return append_utf8(text_, 0x10000 + ((first - 0xD800) << 10U) + (unit - 0xDC00));
  }
  flush_half();
  if (is_first_half(unit)) {
    half_ = unit;
  } else {
    append_utf8(text_, is_second_half(unit) ? kReplacement : unit);
  }
}

// Its other half has not come.
void CustomInput::flush_half() {
  if (std::exchange(half_, 0) != 0) append_utf8(text_, kReplacement);
}

}  // namespace responses_proxy
