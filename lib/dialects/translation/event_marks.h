// EventMarks: how the items of a response came, as a text that is kept with it: so the response can
// be given again as the exact events it was.
//
//   +      the next item is added, and is the one at hand
//   5,     5 bytes of the item at hand
//   @2:    item 2 is at hand
//   .      the item at hand is done
//
// Cost       About three bytes per delta.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace responses_proxy {

class EventMarks {
 public:
  void added(std::size_t item) {
    text_ += '+';
    at_hand_ = item;
  }
  void delta(std::size_t item, std::size_t bytes) {
    take_in_hand(item);
    text_.append(std::to_string(bytes)).append(1, ',');
  }
  void done(std::size_t item) {
    take_in_hand(item);
    text_ += '.';
  }
  const std::string& text() const { return text_; }

 private:
  void take_in_hand(std::size_t item) {
    if (item == at_hand_) return;
    text_.append(1, '@').append(std::to_string(item)).append(1, ':');
    at_hand_ = item;
  }

  std::string text_;
  std::size_t at_hand_ = 0;
};

struct EventMark {
  enum class Kind : std::uint8_t { added, delta, done };
  Kind kind = Kind::added;
  std::size_t item = 0;
  std::size_t bytes = 0;  // of a delta
};

// Reads them again, one by one. What is no mark ends them.
class EventMarksReader {
 public:
  explicit EventMarksReader(std::string_view text) : rest_(text) {}

  std::optional<EventMark> next() {
    if (rest_.starts_with('@')) {
      rest_.remove_prefix(1);
      if (!read_number(at_hand_, ':')) return std::nullopt;
    }
    if (rest_.empty()) return std::nullopt;
    if (rest_.front() == '+') {
      rest_.remove_prefix(1);
      at_hand_ = count_++;
      return EventMark{EventMark::Kind::added, at_hand_, 0};
    }
    if (rest_.front() == '.') {
      rest_.remove_prefix(1);
      return EventMark{EventMark::Kind::done, at_hand_, 0};
    }
    EventMark mark{EventMark::Kind::delta, at_hand_, 0};
    return read_number(mark.bytes, ',') ? std::optional(mark) : std::nullopt;
  }

 private:
  bool read_number(std::size_t& number, char end) {
    const char* const last = rest_.data() + rest_.size();
    const auto [stop, error] = std::from_chars(rest_.data(), last, number);
    if (error != std::errc{} || stop == last || *stop != end) return false;
    rest_.remove_prefix(static_cast<std::size_t>(stop - rest_.data()) + 1);
    return true;
  }

  std::string_view rest_;
  std::size_t at_hand_ = 0;
  std::size_t count_ = 0;
};

}  // namespace responses_proxy
