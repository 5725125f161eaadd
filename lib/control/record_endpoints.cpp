// /admin/requests, /admin/decisions, /admin/sessions, /admin/telemetry, /admin/usage
#include <utility>

#include "control/answer.h"
#include "control/endpoints.h"
#include "control/list_query.h"
#include "control/rows.h"
#include "responses_proxy/telemetry_sink.h"

namespace responses_proxy::control {

namespace {

using Answer = Json (*)(RecordQueries&, const RecordQuery&);

void add_list(RouteTable& routes, const std::shared_ptr<Plane>& plane, const char* path,
              RecordList list, Answer answer) {
  routes.get(path, Access::data,
             [plane, list, answer](const httplib::Request& request, httplib::Response& response) {
               const auto query = parse_list_query(request, list);
               if (!query) return send_error(response, query.error());
               plane->context.telemetry.flush(kFlush);
               send_json(response, answer(plane->context.records, *query));
             });
}

Json requests(RecordQueries& records, const RecordQuery& query) {
  return to_list(records.requests(query));
}

Json decisions(RecordQueries& records, const RecordQuery& query) {
  return to_list(records.decisions(query));
}

Json sessions(RecordQueries& records, const RecordQuery& query) {
  return to_list(records.sessions(query));
}

Json events(RecordQueries& records, const RecordQuery& query) {
  return to_list(records.requests(query), to_event);
}

Json usage_rows(RecordQueries& records, UsageBy by, const RecordQuery& query) {
  Json rows = Json::array();
  for (const UsageRow& row : records.usage(by, query)) rows.push_back(to_row(row, by));
  return rows;
}

void answer_usage(const ControlPlaneContext& context, const httplib::Request& request,
                  httplib::Response& response) {
  const auto query = parse_list_query(request, RecordList::usage);
  if (!query) return send_error(response, query.error());
  const auto by = parse_usage_by(request);
  if (!by) return send_error(response, by.error());
  context.telemetry.flush(kFlush);
  RecordQueries& records = context.records;
  if (by.value()) return send_json(response, {{"data", usage_rows(records, **by, *query)}});
  send_json(response, {{"by_day", usage_rows(records, UsageBy::day, *query)},
                       {"by_model", usage_rows(records, UsageBy::model, *query)},
                       {"by_resource", usage_rows(records, UsageBy::resource, *query)},
                       {"by_session", usage_rows(records, UsageBy::session, *query)},
                       {"by_caller", usage_rows(records, UsageBy::caller, *query)}});
}

}  // namespace

void add_record_endpoints(RouteTable& routes, const std::shared_ptr<Plane>& plane) {
  add_record_details(routes, plane);
  add_list(routes, plane, "/admin/requests", RecordList::requests, requests);
  add_list(routes, plane, "/admin/decisions", RecordList::decisions, decisions);
  add_list(routes, plane, "/admin/sessions", RecordList::sessions, sessions);
  add_list(routes, plane, "/admin/telemetry", RecordList::telemetry, events);
  routes.get("/admin/usage", Access::data,
             [plane](const httplib::Request& request, httplib::Response& response) {
               answer_usage(plane->context, request, response);
             });
}

}  // namespace responses_proxy::control
