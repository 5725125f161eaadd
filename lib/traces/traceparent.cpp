#include "traces/traceparent.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kTraceIdDigits = 32;
constexpr std::size_t kSpanIdDigits = 16;
constexpr std::size_t kSize = 2 + 1 + kTraceIdDigits + 1 + kSpanIdDigits + 1 + 2;

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_id(std::string_view text) {
  return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

bool is_odd(char digit) {
  return std::string_view("13579bdf").find(digit) != std::string_view::npos;
}

}  // namespace

std::optional<Traceparent> parse_traceparent(std::string_view text) {
  if (text.size() < kSize) return std::nullopt;
  const std::string_view version = text.substr(0, 2);
  const std::string_view trace_id = text.substr(3, kTraceIdDigits);
  const std::string_view span_id = text.substr(4 + kTraceIdDigits, kSpanIdDigits);
  const std::string_view flags = text.substr(kSize - 2, 2);
  const bool dashes = text[2] == '-' && text[3 + kTraceIdDigits] == '-' && text[kSize - 3] == '-';
  if (!dashes || !is_hex(version) || version == "ff" || !is_id(trace_id) || !is_id(span_id) ||
      !is_hex(flags)) {
    return std::nullopt;
  }
  // A later version may have more behind it.
  const bool longer = text.size() > kSize;
  if (longer && (version == "00" || text[kSize] != '-')) return std::nullopt;
  return Traceparent{std::string(trace_id), std::string(span_id), is_odd(flags.back())};
}

std::string to_text(const Traceparent& parent) {
  return "00-" + parent.trace_id + "-" + parent.span_id + (parent.sampled ? "-01" : "-00");
}

}  // namespace responses_proxy
