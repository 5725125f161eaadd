// AnyJson: what a model or a provider has written, also where simdjson cannot hold its numbers.
//
// Role       Numbers of any size are valid, and nobody here counts with them: they are held as
// marked
//            texts, and are numbers again in what is written of them. Numbers that simdjson holds,
//            which is nearly all, cost nothing.
// Errors     Text that is nested deeper than simdjson goes (1024) is not held, but see
// object_text().
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "core/json_reader.h"

namespace responses_proxy {

class AnyJson {
 public:
  // false: it is not JSON, or too deep.
  bool read(std::string_view text);
  // Only after read(); it and every text in it are valid until the next one.
  simdjson::dom::element root() const { return json_.root(); }
  // Minified.
  std::string text_of(simdjson::dom::element value) const;
  // Of JSON that was made of texts from root().
  std::string restored(std::string made) const;

 private:
  JsonDocument json_;
  bool marked_ = false;  // some numbers are texts
};

// The object that `text` is, "" if it is none, or broken. Minified, but where it is very deep.
std::string object_text(std::string_view text);

}  // namespace responses_proxy
