#include "upstream/curl_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/field_syntax.h"
#include "responses_proxy/upstream_client.h"

namespace responses_proxy {

namespace {

constexpr std::string_view kContentLength = "content-length";
constexpr std::string_view kTransferEncoding = "transfer-encoding";
constexpr std::string_view kContentEncoding = "content-encoding";
// Of a body; the second list as far as curl was built with them.
constexpr std::array<std::string_view, 2> kPlain = {"", "identity"};
constexpr std::array<std::string_view, 5> kCodings = {"gzip", "x-gzip", "deflate", "br", "zstd"};
constexpr int kNoContent = 204;

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
std::string without_controls(std::string_view text) {
  std::string clean(text);
  std::replace_if(
      clean.begin(), clean.end(),
      [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; }, ' ');
  return clean;
}

bool frames_the_body(std::string_view name) {
  return equals_ignore_case(name, kContentLength) || equals_ignore_case(name, kTransferEncoding);
}

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::any_of(words.begin(), words.end(),
                     [word](std::string_view known) { return equals_ignore_case(word, known); });
}

// The members of a list that may be spread over several fields.
std::vector<std::string_view> list_of(const Headers& headers, std::string_view name) {
  std::vector<std::string_view> members;
  for (const Header& field : headers) {
    if (!equals_ignore_case(field.name, name)) continue;
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

bool is_length(std::string_view text) {
  std::int64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  return error == std::errc{} && end == text.data() + text.size() && text.front() != '-';
}

}  // namespace

bool CurlHead::refuse(std::string fault) {
  fault_ = std::move(fault);
  return false;
}

bool CurlHead::take(std::string_view line) {
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

void CurlHead::restart() {
  headers_ = {};
  status_line_seen_ = false;
  ended_ = false;
}

bool CurlHead::field(std::string_view line) {
  add_last();
  const std::size_t colon = line.find(':');
  const std::string_view name = trimmed(line.substr(0, colon));
  if (name.size() < std::min(colon, line.size()) && frames_the_body(name)) {
    // RFC 9112, 5.1: read as this field by some and as another one by others, curl among them.
    return refuse(fmt::format("white space between {} and its colon", name));
  }
  if (colon == std::string_view::npos || !is_field_name(name)) return true;  // no field: left out
  last_ = {std::string(name), without_controls(trimmed(line.substr(colon + 1)))};
  return true;
}

// RFC 9112, 5.2: a value that goes on in the next line; passed on in one.
bool CurlHead::folded(std::string_view line) {
  if (frames_the_body(last_.name)) return refuse(fmt::format("{} in two lines", last_.name));
  if (!last_.name.empty()) last_.value.append(" ").append(without_controls(trimmed(line)));
  return true;
}

void CurlHead::add_last() {
  if (!last_.name.empty()) headers_.add(last_.name, last_.value);
  last_ = {};
}

bool CurlHead::settle(int status, bool decoded) {
  if (headers_.find(kTransferEncoding)) {
    const auto codings = list_of(headers_, kTransferEncoding);
    if (codings.size() != 1 || !equals_ignore_case(codings.front(), "chunked")) {
      return refuse("a transfer coding that nobody asked for");
    }
    // RFC 9112, 6.3: chunked overrides the length, and the pair may be an attempt at smuggling.
    ambiguous_ = version_1_0_ || headers_.find(kContentLength).has_value();
    headers_.erase(kTransferEncoding);
    headers_.erase(kContentLength);
  } else if (!settle_length()) {
    return false;
  }
  if (status == kNoContent) headers_.erase(kContentLength);
  return !decoded || settle_coding();
}

// RFC 9112, 6.3: equal lengths are one, anything else is no framing at all.
bool CurlHead::settle_length() {
  const auto lengths = list_of(headers_, kContentLength);
  if (lengths.empty()) return true;
  for (const std::string_view length : lengths) {
    if (!is_length(length) || length != lengths.front()) {
      return refuse("a content-length that is no number, or two that differ");
    }
  }
  headers_.set(kContentLength, lengths.front());
  return true;
}

bool CurlHead::settle_coding() {
  const auto codings = list_of(headers_, kContentEncoding);
  bool plain = true;
  for (const std::string_view coding : codings) {
    if (!is_one_of(coding, kPlain) && !is_one_of(coding, kCodings)) {
      return refuse("a content coding that nobody asked for, and that is not known here");
    }
    plain = plain && is_one_of(coding, kPlain);
  }
  headers_.erase(kContentEncoding);
  if (!plain) headers_.erase(kContentLength);  // it counts the coded bytes
  return true;
}

}  // namespace responses_proxy
