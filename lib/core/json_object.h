// JSON that is configuration: read whole, into the type that it is written with.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"

namespace responses_proxy {

// Nothing if the text is no JSON, not UTF-8, or nested deeper than simdjson takes (1024).
std::optional<Json> parse_json_value(std::string_view text);
// Nor if it is no object.
std::optional<Json> parse_json_object(std::string_view text);
// Why parse_json_object() gave nothing, to stand behind what `text` is: "is no JSON object", with
// the place where it stops being JSON, if it does. Quotes nothing of `text`, which may hold
// secrets.
std::string json_object_problem(std::string_view text);

}  // namespace responses_proxy
