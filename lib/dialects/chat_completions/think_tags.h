// ThinkTags: takes the thoughts out of a text that begins with <think>...</think>.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace responses_proxy {

class ThinkTags {
 public:
  // Calls think(text) and say(text) for what is certain now. Blanks around the thoughts are left
  // out.
  template <class Think, class Say>
  void add(std::string_view text, Think&& think, Say&& say) {
    held_.append(text);
    if (state_ == State::begin) look_for_begin();
    if (state_ == State::thinking) {
      const std::string thought = take_thought();
      if (!thought.empty()) think(std::string_view(thought));
    }
    if (state_ == State::behind) skip_blanks();
    if (state_ != State::saying || held_.empty()) return;
    say(std::string_view(held_));
    held_.clear();
  }
  // What is held is given out: nothing follows.
  template <class Think, class Say>
  void end(Think&& think, Say&& say) {
    if (!held_.empty()) {
      state_ == State::thinking ? think(std::string_view(held_)) : say(std::string_view(held_));
    }
    held_.clear();
  }

 private:
  enum class State : std::uint8_t { begin, thinking, behind, saying };

  void look_for_begin();
  std::string take_thought();
  void skip_blanks();

  State state_ = State::begin;
  std::string held_;
};

}  // namespace responses_proxy
