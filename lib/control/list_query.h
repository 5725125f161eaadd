// The queries of the list endpoints, and of /admin/timeseries.
#pragma once

#include <httplib.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "responses_proxy/record_queries.h"
#include "responses_proxy/result.h"

namespace responses_proxy::control {

enum class RecordList : std::uint8_t { requests, decisions, sessions, telemetry, usage };

// limit, cursor, session_id, resource_id, pool_id, requested_pool_id, model, caller, status, since,
// until: those that the list has (usage has no pages, a session no pool that it asked for). An
// empty value is one that was not given. Error: 400 with the parameter's name in `param`, also for
// a parameter that the list does not have, or that is given twice.
Result<RecordQuery> parse_list_query(const httplib::Request& request, RecordList list);

// limit and cursor of a list that its path has filtered already.
Result<RecordQuery> parse_page_query(const httplib::Request& request);
// What is wrong with a query where none can be given; nullopt: nothing.
std::optional<Error> no_parameters(const httplib::Request& request);

// by=day|model|resource|session|caller, of usage; nothing when the parameter is absent.
Result<std::optional<UsageBy>> parse_usage_by(const httplib::Request& request);

// seconds (a minute to a week, 15 minutes without it), resource_id: of /admin/timeseries.
struct TimeseriesQuery {
  std::chrono::seconds range{900};
  std::optional<std::string> resource_id;
};
Result<TimeseriesQuery> parse_timeseries_query(const httplib::Request& request);

}  // namespace responses_proxy::control
