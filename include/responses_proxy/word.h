// Word: a value of an enum, kept as its word.
//
// Role       Records outlive the version that wrote them and travel between versions: a word that
//            this one does not know is kept and shown as it is.
// Ownership  A plain value. The enum has a to_string().
#pragma once

#include <string>
#include <utility>

#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

template <class Enum>
class Word {
 public:
  Word(Enum value) : text_(to_string(value)) {}
  explicit Word(std::string text) : text_(std::move(text)) {}

  const std::string& text() const { return text_; }

  friend bool operator==(const Word&, const Word&) = default;
  friend bool operator==(const Word& word, Enum value) { return word.text_ == to_string(value); }

 private:
  std::string text_;
};

}  // namespace responses_proxy
