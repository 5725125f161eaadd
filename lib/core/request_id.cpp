#include "core/request_id.h"

#include <cstdint>

#include "core/append_number.h"

namespace responses_proxy {

std::string new_request_id(WallTime now, Random& random) {
  const auto since_epoch = std::chrono::duration_cast<Millis>(now.time_since_epoch());
  std::string id = "req_";
  id.reserve(id.size() + 28);
  append_number(id, static_cast<std::uint64_t>(since_epoch.count()), 16, 12);
  append_number(id, random.next(), 16, 16);
  return id;
}

}  // namespace responses_proxy
