// Where a part of a text stands in it.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace responses_proxy {

// Where `inner` begins in `outer`, whose bytes it shares; npos: it is not a part of it.
inline std::size_t position_in(std::string_view outer, std::string_view inner) {
  const std::less_equal<const char*> not_after;
  const bool within = !inner.empty() && not_after(outer.data(), inner.data()) &&
                      not_after(inner.data() + inner.size(), outer.data() + outer.size());
  return within ? static_cast<std::size_t>(inner.data() - outer.data()) : std::string_view::npos;
}

}  // namespace responses_proxy
