// Records as JSON, by their fields.
#pragma once

#include <string>

#include "core/json.h"
#include "storage/record_fields.h"

namespace responses_proxy {

// The member of an object that a field's name means: "usage/input_tokens" is in an object of its
// own. Made where it is missing.
inline Json& member_at(Json& object, const std::string& name) {
  return object[Json::json_pointer("/" + name)];
}

// The payload of a record's telemetry event: everything of it, null where a number or a body is
// absent. Times are ISO 8601 with microseconds, durations integers of microseconds.
Json record_to_json(const RequestRecord& record);

}  // namespace responses_proxy
