// /admin/timeseries
#include <fmt/format.h>

#include "control/answer.h"
#include "control/endpoints.h"
#include "control/list_query.h"
#include "control/rows.h"
#include "control/time_text.h"
#include "metrics/traffic_history.h"

namespace responses_proxy::control {

namespace {

Json text_of(std::int64_t seconds) {
  return format_time(WallTime(std::chrono::seconds(seconds)));
}

Json quantiles(const DurationCounts& durations) {
  if (!durations.quantile_ms(0)) return nullptr;
  return {{"p50", *durations.quantile_ms(0.5)},
          {"p95", *durations.quantile_ms(0.95)},
          {"p99", *durations.quantile_ms(0.99)}};
}

Json to_json(const TrafficSums& sums) {
  return {{"requests", sums.requests},
          {"attempts", sums.attempts},
          {"errors", sums.errors},
          {"failovers", sums.failovers},
          {"input_tokens", sums.input_tokens},
          {"output_tokens", sums.output_tokens},
          {"cached_tokens", sums.cached_tokens},
          {"duration_ms", quantiles(sums.duration)},
          {"first_event_ms", quantiles(sums.first_event)}};
}

Json to_json(const TrafficPoint& point) {
  Json json = to_json(point.sums);
  json["at"] = text_of(point.begin);
  json["seconds"] = point.length;
  return json;
}

Json to_json(const ResourceTraffic& resource) {
  Json json = to_json(resource.sums);
  json["resource_id"] = text_or_null(resource.resource_id);
  json["requests_by_point"] = resource.requests;
  return json;
}

Json to_json(const TrafficReport& report) {
  Json points = Json::array();
  for (const TrafficPoint& point : report.points) points.push_back(to_json(point));
  Json resources = Json::array();
  for (const ResourceTraffic& resource : report.resources) resources.push_back(to_json(resource));
  const TrafficPoint& last = report.points.back();
  return {{"since", text_of(report.points.front().begin)},
          {"until", text_of(last.begin + last.length)},
          {"step_seconds", report.step},
          {"points", std::move(points)},
          {"sums", to_json(report.sums)},
          {"resources", std::move(resources)}};
}

}  // namespace

void add_timeseries_endpoint(RouteTable& routes, const std::shared_ptr<Plane>& plane) {
  const TrafficHistory* const traffic = traffic_of(plane->context);
  if (traffic == nullptr) return;
  routes.get("/admin/timeseries", Access::data,
             [plane, traffic](const httplib::Request& request, httplib::Response& response) {
               const auto query = parse_timeseries_query(request);
               if (!query) return send_error(response, query.error());
               Json answer = to_json(traffic->report(query->range, query->resource_id));
               answer["counted_since"] = format_time(traffic->since());
               send_json(response, answer);
             });
}

}  // namespace responses_proxy::control
