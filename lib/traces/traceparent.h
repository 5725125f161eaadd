// The header `traceparent` (https://www.w3.org/TR/trace-context/#traceparent-header).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace responses_proxy {

struct Traceparent {
  std::string trace_id;  // 32 hexadecimal digits in lower case
  std::string span_id;   // 16
  bool sampled = false;
};

// Nothing if it is none. One of a later version counts by what it has in common with this one.
std::optional<Traceparent> parse_traceparent(std::string_view text);
std::string to_text(const Traceparent& parent);

}  // namespace responses_proxy
