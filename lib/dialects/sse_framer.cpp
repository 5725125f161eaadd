#include "dialects/sse_framer.h"

#include <algorithm>
#include <utility>

namespace responses_proxy {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The value behind `name`; false: the line is another field. One space behind the colon does not
// belong to the value, and a line without a colon is a field without one.
bool is_field(std::string_view line, std::string_view name, std::string_view& value) {
  if (!line.starts_with(name)) return false;
  line.remove_prefix(name.size());
  if (line.starts_with(": ")) {
    line.remove_prefix(2);
  } else if (line.starts_with(':')) {
    line.remove_prefix(1);
  } else if (!line.empty()) {
    return false;
  }
  value = line;
  return true;
}

}  // namespace

std::string_view SseFramer::take_in(std::string_view bytes) {
  line_ends_ = {};
  if (pending_.empty()) {
    line_ = scanned_ = 0;
    return bytes;
  }
  complete_ = std::exchange(pending_, {});
  complete_.append(bytes);
  return complete_;
}

// The event before was complete with its CR; the LF that may belong to it came only now.
std::size_t SseFramer::rest_of_line_end(std::string_view text) {
  begins_in_line_end_ = !text.empty() && std::exchange(ended_by_cr_, false) && text.front() == '\n';
  return begins_in_line_end_ ? 1 : 0;
}

std::size_t SseFramer::LineEnds::next(std::string_view text, std::size_t from) {
  if (next_lf_ < from || next_lf_ == 0) next_lf_ = std::min(text.find('\n', from), text.size());
  const std::size_t cr = text.substr(0, next_lf_).find('\r', from);
  if (cr != std::string_view::npos) return cr;
  return next_lf_ == text.size() ? std::string_view::npos : next_lf_;
}

// One past the blank line that ends the event starting at `begin`; 0 if it is not complete.
std::size_t SseFramer::find_end(std::string_view text, std::size_t begin) {
  std::size_t line = begin + std::exchange(line_, 0);
  std::size_t at = begin + std::exchange(scanned_, 0);
  while ((at = line_ends_.next(text, at)) != std::string_view::npos) {
    // The second half of a CRLF, whose CR has ended the line already.
    const bool second_half = at == line && line > begin && text[at] == '\n' && text[at - 1] == '\r';
    const bool blank = at == line && !second_half;
    line = ++at;
    if (!blank) continue;
    if (text[at - 1] == '\r' && at < text.size() && text[at] == '\n') return at + 1;
    ended_by_cr_ = text[at - 1] == '\r' && at == text.size();
    return at;
  }
  line_ = line - begin;
  return 0;
}

std::string_view SseFramer::keep_rest(std::string_view text, std::size_t begin) {
  if (begin == 0 && text.data() == complete_.data()) {
    pending_.swap(complete_);  // still no end in it: a large event is not copied for every read
  } else {
    pending_.assign(text.substr(begin));
  }
  scanned_ = pending_.size();
  return begin == 0 ? std::string_view{} : text.substr(0, begin);
}

SseEvent SseFramer::parse(std::string_view event) {
  SseEvent parsed;
  parsed.bytes = event;
  if (std::exchange(first_event_, false) && event.starts_with(kByteOrderMark)) {
    event.remove_prefix(kByteOrderMark.size());
  }
  bool several = false;
  bool has_data = false;
  LineEnds line_ends;
  for (std::size_t begin = 0; begin < event.size();) {
    const std::size_t end = std::min(line_ends.next(event, begin), event.size());
    const std::string_view line = event.substr(begin, end - begin);
    begin = end + 1;
    std::string_view value;
    if (is_field(line, "event", value)) {
      parsed.name = value;
    } else if (is_field(line, "data", value)) {
      if (!std::exchange(has_data, true)) {
        parsed.data = value;
        continue;
      }
      if (!std::exchange(several, true)) joined_data_.assign(parsed.data);
      joined_data_.append(1, '\n').append(value);
      parsed.data = joined_data_;
    }
  }
  return parsed;
}

}  // namespace responses_proxy
