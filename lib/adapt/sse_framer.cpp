#include "adapt/sse_framer.h"

#include <utility>

namespace responses_proxy {

namespace {

// A field's value: one space behind the colon does not belong to it.
std::string_view value_of(std::string_view line, std::size_t name_length) {
  line.remove_prefix(name_length + 1);
  if (line.starts_with(' ')) line.remove_prefix(1);
  return line;
}

}  // namespace

std::string_view SseFramer::take_in(std::string_view bytes) {
  if (pending_.empty()) {
    scanned_ = 0;
    return bytes;
  }
  complete_ = std::exchange(pending_, {});
  complete_.append(bytes);
  return complete_;
}

// One past the blank line that ends the event starting at `begin`; 0 if it is not complete.
std::size_t SseFramer::find_end(std::string_view text, std::size_t begin) {
  std::size_t at = begin + std::exchange(scanned_, 0);
  while ((at = text.find('\n', at)) != std::string_view::npos) {
    const std::size_t next = ++at;
    if (next < text.size() && text[next] == '\n') return next + 1;
    if (next + 1 < text.size() && text[next] == '\r' && text[next + 1] == '\n') return next + 2;
  }
  return 0;
}

std::string_view SseFramer::keep_rest(std::string_view text, std::size_t begin) {
  if (begin == 0 && text.data() == complete_.data()) {
    pending_.swap(complete_);  // still no end in it: a large event is not copied for every read
  } else {
    pending_.assign(text.substr(begin));
  }
  // The line end that closes an event may be cut itself: look at its last three bytes again.
  scanned_ = pending_.size() > 3 ? pending_.size() - 3 : 0;
  return begin == 0 ? std::string_view{} : text.substr(0, begin);
}

SseEvent SseFramer::parse(std::string_view event) {
  SseEvent parsed;
  bool several = false;
  bool has_data = false;
  while (!event.empty()) {
    std::size_t end = event.find('\n');
    if (end == std::string_view::npos) end = event.size();
    std::string_view line = event.substr(0, end);
    event.remove_prefix(std::min(end + 1, event.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("event:")) {
      parsed.name = value_of(line, 5);
    } else if (line.starts_with("data:")) {
      const std::string_view data = value_of(line, 4);
      if (!std::exchange(has_data, true)) {
        parsed.data = data;
        continue;
      }
      if (!std::exchange(several, true)) joined_data_.assign(parsed.data);
      joined_data_.append(1, '\n').append(data);
      parsed.data = joined_data_;
    }
  }
  return parsed;
}

}  // namespace responses_proxy
