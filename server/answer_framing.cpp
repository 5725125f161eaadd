#include "server/answer_framing.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <optional>

#include "core/append_number.h"
#include "core/event_stream.h"
#include "core/field_set.h"
#include "core/field_syntax.h"
#include "server/http_syntax.h"

namespace responses_proxy {

namespace http = boost::beast::http;

namespace {

std::string_view reason_phrase(int status) {
  const auto text = http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status)));
  return {text.data(), text.size()};
}

bool has_no_body(int status) {
  return status == 204 || status == 304;
}

// The framing is decided here, and no field may end the head early.
bool may_be_sent(const Header& field) {
  constexpr FieldSet kOwn{FieldId::content_length, FieldId::transfer_encoding, FieldId::keep_alive};
  if (kOwn.contains(field.id)) return false;
  const bool named = field.id != FieldId::other || is_field_name(field.name);
  return named && is_in_one_line(field.value);
}

void append_chunk(std::string_view bytes, std::string& out) {
  append_number(out, bytes.size(), 16);
  out.append("\r\n").append(bytes).append("\r\n");
}

// Most answers leave in the same second as the one before.
const std::string& date_of_answer(WallTime now) {
  struct Written {
    std::time_t second = 0;
    std::string text;
  };
  static thread_local Written last;  // not shared state: it says the same whoever asks
  const std::time_t second = std::chrono::system_clock::to_time_t(now);
  if (last.text.empty() || last.second != second) last = {second, http_date(now)};
  return last.text;
}

// Of a head but for its fields.
constexpr std::size_t kFramingBytes = 160;

}  // namespace

std::string http_date(WallTime time) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[utc.tm_wday], utc.tm_mday,
                     kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

AnswerFraming::AnswerFraming(const ResponseHead& head, const AnswerTerms& terms, WallTime now,
                             const std::string_view* whole, std::string& out)
    : keep_alive_(terms.keep_alive) {
  constexpr std::size_t kAroundField = 4;  // ": " and the end of its line
  out.reserve(kFramingBytes + head.headers.bytes() + head.headers.size() * kAroundField +
              (whole != nullptr ? whole->size() : 0));
  append_number(out.append("HTTP/1.1 "), static_cast<std::uint64_t>(head.status));
  out.append(" ").append(reason_phrase(head.status)).append("\r\n");
  for (const Header& field : head.headers) {
    if (may_be_sent(field)) out.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  if (!head.headers.find("date")) out.append("date: ").append(date_of_answer(now)).append("\r\n");
  choose_mode(head, terms, whole, out);
  if (!keep_alive_) out.append("connection: close\r\n");
  if (keep_alive_ && terms.http_1_0) out.append("connection: keep-alive\r\n");
  out.append("\r\n");
  if (terms.head_request) mode_ = Mode::none;
}

void AnswerFraming::choose_mode(const ResponseHead& head, const AnswerTerms& terms,
                                const std::string_view* whole, std::string& out) {
  if (has_no_body(head.status)) return;
  // An event stream has none, not even one that was whole before any of it was sent.
  const bool counted = !is_event_stream(head.headers);
  std::optional<std::uint64_t> length;
  if (counted) length = head.content_length;
  // The answer to HEAD has no body to count, but one that was given all the same counts.
  if (counted && !length && whole != nullptr && !(terms.head_request && whole->empty())) {
    length = whole->size();
  }
  if (head.status == 205) length = 0;
  if (length) {
    mode_ = Mode::length;
    left_ = *length;
    append_number(out.append("content-length: "), *length);
    out.append("\r\n");
  } else if (!terms.http_1_0) {
    mode_ = Mode::chunked;
    out.append("transfer-encoding: chunked\r\n");
  } else {
    mode_ = Mode::until_close;
    keep_alive_ = false;
  }
}

void AnswerFraming::body(std::string_view bytes, std::string& out) {
  switch (mode_) {
    case Mode::none:
      return;
    case Mode::length:
      bytes =
          bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
      left_ -= bytes.size();
      out.append(bytes);
      return;
    case Mode::chunked:
      if (!bytes.empty()) append_chunk(bytes, out);
      return;
    case Mode::until_close:
      out.append(bytes);
  }
}

void AnswerFraming::end(std::string& out) {
  if (mode_ == Mode::chunked) out.append("0\r\n\r\n");
  if (mode_ == Mode::length && left_ > 0) keep_alive_ = false;  // the client must not wait for it
}

}  // namespace responses_proxy
