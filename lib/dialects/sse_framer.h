// SseFramer: finds the events in a server-sent event stream, whatever way it is cut into reads.
//
// Source     https://html.spec.whatwg.org/multipage/server-sent-events.html: lines end with LF, CR
//            or CRLF, also mixed; a byte order mark may stand in front of the first one.
// Ownership  Views are valid until the next feed().
// Cost       One pass over the bytes; nothing is copied but the incomplete event at the end.
// Limits     An incomplete event may grow to `max_event_bytes`; then overflowed() is true.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace responses_proxy {

struct SseEvent {
  std::string_view name;   // of the "event:" line, "" if there is none
  std::string_view data;   // of the only "data:" line; several lines are joined by '\n'
  std::string_view bytes;  // the whole event as it came, with its blank line
};

class SseFramer {
 public:
  explicit SseFramer(std::size_t max_event_bytes) : max_event_bytes_(max_event_bytes) {}

  // Calls on_event(SseEvent) for each event that is complete now. Returns the bytes up to the end
  // of the last complete event; the rest is kept for the next call.
  template <class OnEvent>
  std::string_view feed(std::string_view bytes, OnEvent&& on_event) {
    const std::string_view text = take_in(bytes);
    std::size_t begin = rest_of_line_end(text);
    while (const std::size_t end = find_end(text, begin)) {
      on_event(parse(text.substr(begin, end - begin)));
      begin = end;
    }
    return keep_rest(text, begin);
  }

  // What the last feed() returned begins with the LF of a CRLF whose CR had ended the event before.
  bool begins_in_line_end() const { return begins_in_line_end_; }
  // The incomplete event that is left.
  std::string_view rest() const { return pending_; }
  bool overflowed() const { return pending_.size() > max_event_bytes_; }

 private:
  // Those of one text, from the first one on. Where the next LF stands is kept: a text with only
  // CRs would be searched for one again and again.
  class LineEnds {
   public:
    // The position of the next CR or LF, npos if there is none.
    std::size_t next(std::string_view text, std::size_t from);

   private:
    std::size_t next_lf_ = 0;  // the text's size if there is none
  };

  std::string_view take_in(std::string_view bytes);
  std::size_t rest_of_line_end(std::string_view text);
  std::size_t find_end(std::string_view text, std::size_t begin);
  std::string_view keep_rest(std::string_view text, std::size_t begin);
  SseEvent parse(std::string_view event);

  const std::size_t max_event_bytes_;
  std::string complete_;     // what the last feed() returned, when it had to be joined
  std::string pending_;      // the incomplete event at the end
  std::size_t line_ = 0;     // of pending_: where its last line begins
  std::size_t scanned_ = 0;  // of pending_: looked at already, holds no further line end
  LineEnds line_ends_;       // of the text in hand
  bool first_event_ = true;  // a byte order mark may stand in front of it
  bool begins_in_line_end_ = false;
  bool ended_by_cr_ = false;  // the event before; an LF that follows belongs to that line end
  std::string joined_data_;   // of an event with several data lines
};

}  // namespace responses_proxy
