// The query of the list endpoints -> RecordQuery.
#pragma once

#include <httplib.h>

#include <optional>

#include "responses_proxy/result.h"
#include "storage/record_store.h"

namespace responses_proxy::control {

// limit, cursor, session_id, resource_id, pool_id, model, status, since, until. An empty value is
// one that was not given. Error: 400 with the parameter's name in `param`.
Result<RecordQuery> parse_list_query(const httplib::Request& request);

// by=day|model|resource|session; nothing when the parameter is absent.
Result<std::optional<UsageBy>> parse_usage_by(const httplib::Request& request);

}  // namespace responses_proxy::control
