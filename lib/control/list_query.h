// The query of the list endpoints -> RecordQuery.
#pragma once

#include <httplib.h>

#include <cstdint>
#include <optional>

#include "responses_proxy/record_queries.h"
#include "responses_proxy/result.h"

namespace responses_proxy::control {

enum class RecordList : std::uint8_t { requests, decisions, sessions, telemetry, usage };

// limit, cursor, session_id, resource_id, pool_id, requested_pool_id, model, caller, status, since,
// until: those that the list has (usage has no pages, a session no pool that it asked for). An
// empty value is one that was not given. Error: 400 with the parameter's name in `param`, also for
// a parameter that the list does not have, or that is given twice.
Result<RecordQuery> parse_list_query(const httplib::Request& request, RecordList list);

// by=day|model|resource|session|caller, of usage; nothing when the parameter is absent.
Result<std::optional<UsageBy>> parse_usage_by(const httplib::Request& request);

}  // namespace responses_proxy::control
