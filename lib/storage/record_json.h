// A RequestRecord as JSON: the payload of its telemetry event.
#pragma once

#include "core/json.h"
#include "responses_proxy/request_record.h"

namespace responses_proxy {

// Everything of the record; null where a number or a body is absent. Times are ISO 8601 with
// microseconds, durations integers of microseconds.
Json record_to_json(const RequestRecord& record);

}  // namespace responses_proxy
