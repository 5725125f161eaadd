// JSON that is written from scratch (errors, admin answers, telemetry payloads): nlohmann's
// ordered_json. What clients and upstreams send is read with simdjson instead; see docs/adr/0004.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace responses_proxy {

using Json = nlohmann::ordered_json;

// Compact; bytes that are not UTF-8 become U+FFFD instead of an exception.
inline std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace responses_proxy
