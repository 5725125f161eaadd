// CustomInput: the free text of a custom tool's call, out of the arguments in which an upstream
// that knows nothing but functions wraps it, while they arrive.
//
//   {"input":"..."}      the text, as far as it has come: escapes may be cut anywhere
//   anything else that is neither an object nor a text
//                        it is the input itself, as it comes
//   other objects        nothing until the end: then what input_of() makes of the whole
//
// Role       What has been given out stays the beginning of the whole, however the arguments end:
// of
//            a call that was cut it is what had come. A line end that a model has not escaped is
//            read as it was meant.
// Errors     None. Half a surrogate pair becomes U+FFFD.
// Cost       Linear in the bytes; the arguments are held until it shows what they are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace responses_proxy {

class CustomInput {
 public:
  // What the next piece of the arguments adds to the text. Valid until the next call.
  std::string_view add(std::string_view arguments);
  // There are no more: what is left of it.
  std::string_view end();
  // All of it, so far.
  const std::string& text() const { return text_; }

 private:
  enum class Form : std::uint8_t {
    unknown,
    wrapped,  // inside the text of {"input":"..."}
    over,     // behind it
    plain,    // the input itself
    other,    // to be read as a whole
  };

  void find_form();
  void unwrap(std::string_view piece);
  void take_escape(char c);
  void take_code_unit(unsigned unit);
  void flush_half();

  Form form_ = Form::unknown;
  std::string held_;         // the arguments, until their form is known
  std::size_t matched_ = 0;  // of the head of a wrapped one
  std::size_t at_ = 0;       // in held_, behind what has matched
  std::string text_;
  std::string escape_;  // an escape that is not complete, from its backslash on
  unsigned half_ = 0;   // the first half of a surrogate pair; 0 = none
};

}  // namespace responses_proxy
