#include "core/response_id.h"

#include <fmt/format.h>

namespace responses_proxy {

std::string new_response_id(Random& random) {
  const std::uint64_t first = random.next();
  return fmt::format("resp_{:016x}{:016x}", first, random.next());
}

}  // namespace responses_proxy
