// Rows of the record store as the list endpoints answer them.
#pragma once

#include <string>

#include "core/json.h"
#include "responses_proxy/record_queries.h"

namespace responses_proxy::control {

Json to_row(const RequestRecord& record);
// The telemetry event of the record: all of it, as it is kept.
Json to_event(const RequestRecord& record);
Json to_row(const DecisionRow& decision);
Json to_row(const SessionRow& session);
// The key goes under the name of what was grouped by: day, model, resource_id,
// session_id, caller.
Json to_row(const UsageRow& usage, UsageBy by);

Json text_or_null(const std::string& text);
// Milliseconds, with microseconds as decimals.
double to_millis(std::chrono::microseconds duration);

// {"data":[...],"next_cursor":...}
template <class Row>
Json to_list(const Page<Row>& page, Json (*to_json)(const Row&) = to_row) {
  Json data = Json::array();
  for (const Row& row : page.rows) data.push_back(to_json(row));
  return {{"data", std::move(data)}, {"next_cursor", text_or_null(page.next_cursor)}};
}

}  // namespace responses_proxy::control
