// JSON that is configuration: read whole, into the type that it is written with.
#pragma once

#include <optional>
#include <string_view>

#include "core/json.h"

namespace responses_proxy {

// Nothing if the text is no JSON, not UTF-8, or nested deeper than simdjson takes (1024).
std::optional<Json> parse_json_value(std::string_view text);
// Nor if it is no object.
std::optional<Json> parse_json_object(std::string_view text);

}  // namespace responses_proxy
