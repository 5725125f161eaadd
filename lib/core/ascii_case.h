// Case of ASCII letters, whatever the locale: what protocols mean by "case-insensitive".
#pragma once

#include <string>
#include <string_view>

#include "responses_proxy/headers.h"  // of one letter, and comparing without it

namespace responses_proxy {

inline std::string ascii_lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) c = ascii_lower(c);
  return lowered;
}

}  // namespace responses_proxy
