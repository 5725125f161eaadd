// InternedNames: words that many entries share, each kept once and named by a number.
//
// Threads    None of its own.
// Limits     A word goes with its last use: there are never more than there are uses.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace responses_proxy {

class InternedNames {
 public:
  static constexpr std::uint32_t kFirst = 2;  // numbers below are the user's own

  // Counts a use of that word, and says its number.
  std::uint32_t use(std::string_view text) {
    if (const auto found = by_text_.find(text); found != by_text_.end()) {
      ++names_[found->second].uses;
      return found->second + kFirst;
    }
    std::uint32_t index = static_cast<std::uint32_t>(names_.size());
    if (free_.empty()) {
      names_.emplace_back();
    } else {
      index = free_.back();
      free_.pop_back();
    }
    names_[index] = {std::string(text), 1};
    by_text_.emplace(names_[index].text, index);
    return index + kFirst;
  }

  void release(std::uint32_t number) {
    Name& name = names_[number - kFirst];
    if (--name.uses > 0) return;
    by_text_.erase(name.text);
    name.text = {};
    free_.push_back(number - kFirst);
  }

  const std::string& at(std::uint32_t number) const { return names_[number - kFirst].text; }

 private:
  struct Name {
    std::string text;
    std::uint32_t uses = 0;
  };

  std::deque<Name> names_;  // which stay where they are: by_text_ points into them
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::string_view, std::uint32_t> by_text_;
};

}  // namespace responses_proxy
