#include "upstream/upstream_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "core/field_syntax.h"
#include "responses_proxy/upstream_client.h"

namespace responses_proxy {

namespace {

constexpr std::array<std::string_view, 2> kPlain = {"", "identity"};
constexpr int kNoContentStatus = 204;
// Of a usual answer.
constexpr std::size_t kUsualFields = 24;
constexpr std::size_t kUsualBytes = 1024;

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// RFC 9110, 5.5: a lone CR in a value would end the line for some readers.
void append_without_controls(std::string& to, std::string_view text) {
  const std::size_t at = to.size();
  to.append(text);
  std::replace_if(
      to.begin() + static_cast<std::ptrdiff_t>(at), to.end(),
      [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; }, ' ');
}

bool frames_the_body(std::string_view name) {
  const FieldId id = field_id(name);
  return id == FieldId::content_length || id == FieldId::transfer_encoding;
}

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [word](std::string_view known) { return equals_ignore_case(word, known); });
}

// The members of a list that may be spread over several fields.
std::vector<std::string_view> list_of(const Headers& headers, FieldId id) {
  std::vector<std::string_view> members;
  for (const Header& field : headers) {
    if (field.id != id) continue;
    std::string_view rest = field.value;
    for (;;) {
      const std::size_t comma = rest.find(',');
      members.push_back(trimmed(rest.substr(0, comma)));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return members;
}

std::optional<std::uint64_t> length_of(std::string_view text) {
  std::int64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  const bool good = error == std::errc{} && end == text.data() + text.size() && text.front() != '-';
  return good ? std::optional(static_cast<std::uint64_t>(bytes)) : std::nullopt;
}

}  // namespace

bool UpstreamHead::refuse(std::string fault) {
  fault_ = std::move(fault);
  return false;
}

bool UpstreamHead::take(std::string_view line) {
  bytes_ += line.size();
  if (bytes_ > UpstreamClient::kMaxHeadBytes) {
    return refuse(fmt::format("its head has more than {} bytes", UpstreamClient::kMaxHeadBytes));
  }
  line = without_line_end(line);
  if (!std::exchange(status_line_seen_, true)) {
    version_1_0_ = line.starts_with("HTTP/1.0");
    return true;
  }
  if (line.empty()) {
    add_last();
    ended_ = true;
    return true;
  }
  return is_blank(line.front()) ? folded(line) : field(line);
}

void UpstreamHead::restart() {
  headers_ = {};
  status_line_seen_ = false;
  ended_ = false;
}

bool UpstreamHead::field(std::string_view line) {
  add_last();
  const std::size_t colon = line.find(':');
  const std::string_view name = trimmed(line.substr(0, colon));
  if (name.size() < std::min(colon, line.size()) && frames_the_body(name)) {
    // RFC 9112, 5.1: read as this field by some and as another one by others, curl among them.
    return refuse(fmt::format("white space between {} and its colon", name));
  }
  if (colon == std::string_view::npos || !is_field_name(name)) return true;  // no field: left out
  last_.name = name;
  append_without_controls(last_.value, trimmed(line.substr(colon + 1)));
  return true;
}

// RFC 9112, 5.2: a value that goes on in the next line; passed on in one.
bool UpstreamHead::folded(std::string_view line) {
  if (frames_the_body(last_.name)) return refuse(fmt::format("{} in two lines", last_.name));
  if (!last_.name.empty()) append_without_controls(last_.value.append(" "), trimmed(line));
  return true;
}

void UpstreamHead::add_last() {
  if (last_.name.empty()) return;
  if (headers_.empty()) headers_.reserve(kUsualFields, kUsualBytes);
  headers_.add(last_.name, trimmed(last_.value));  // what was no text at its ends is blank now
  last_.name.clear();                              // their memory is for the next one
  last_.value.clear();
}

bool UpstreamHead::settle(int status, std::span<const std::string_view> known) {
  if (headers_.find(FieldId::transfer_encoding)) {
    const auto codings = list_of(headers_, FieldId::transfer_encoding);
    if (codings.size() != 1 || !equals_ignore_case(codings.front(), "chunked")) {
      return refuse("a transfer coding that nobody asked for");
    }
    chunked_ = true;
    // RFC 9112, 6.3: chunked overrides the length, and the pair may be an attempt at smuggling.
    ambiguous_ = version_1_0_ || headers_.find(FieldId::content_length).has_value();
    headers_.erase(FieldId::transfer_encoding);
    headers_.erase(FieldId::content_length);
  } else if (!settle_length()) {
    return false;
  }
  if (status == kNoContentStatus) headers_.erase(FieldId::content_length);
  return known.empty() || settle_coding(known);
}

// RFC 9112, 6.3: equal lengths are one, anything else is no framing at all.
bool UpstreamHead::settle_length() {
  if (!headers_.find(FieldId::content_length)) return true;
  const auto lengths = list_of(headers_, FieldId::content_length);
  for (const std::string_view length : lengths) {
    length_ = length_of(length);
    if (!length_ || length != lengths.front()) {
      return refuse("a content-length that is no number, or two that differ");
    }
  }
  if (lengths.size() > 1) headers_.set("content-length", std::string(lengths.front()));
  return true;
}

bool UpstreamHead::settle_coding(std::span<const std::string_view> known) {
  if (!headers_.find(FieldId::content_encoding)) return true;
  for (const std::string_view coding : list_of(headers_, FieldId::content_encoding)) {
    if (is_one_of(coding, kPlain)) continue;
    if (!is_one_of(coding, known)) {
      return refuse("a content coding that nobody asked for, and that is not known here");
    }
    codings_.emplace_back(coding);
  }
  headers_.erase(FieldId::content_encoding);
  if (!codings_.empty()) headers_.erase(FieldId::content_length);  // it counts the coded bytes
  return true;
}

bool UpstreamHead::says_close() const {
  if (!headers_.find(FieldId::connection)) return false;
  const auto options = list_of(headers_, FieldId::connection);
  return std::any_of(options.begin(), options.end(),
                     [](std::string_view option) { return equals_ignore_case(option, "close"); });
}

}  // namespace responses_proxy
