// /admin/requests/{request_id}, /admin/sessions/{session_id}
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "control/answer.h"
#include "control/endpoints.h"
#include "control/list_query.h"
#include "control/registry_request.h"
#include "control/rows.h"
#include "core/utf8_text.h"
#include "responses_proxy/telemetry_sink.h"

namespace responses_proxy::control {

namespace {

// `kind`: "request", "session".
Error not_found(std::string_view kind, std::string_view id) {
  constexpr std::size_t kShown = 128;
  return Error::refused(
      404, fmt::format("{}_not_found", kind),
      fmt::format("No {0} \"{1}\" is on record; GET /admin/{0}s lists those that are. A request is "
                  "written when it has ended, and goes after PROXY_RECORD_RETENTION_DAYS.",
                  kind, utf8_text(id, kShown)));
}

void answer_request(const ControlPlaneContext& context, const httplib::Request& request,
                    httplib::Response& response) {
  if (const auto error = no_parameters(request)) return send_error(response, *error);
  RecordQuery query;
  query.limit = 1;
  query.with_bodies = true;
  query.request_id = name_after(request, "/admin/requests/");
  context.telemetry.flush(kFlush);
  const auto page = context.records.requests(query);
  if (page.rows.empty()) return send_error(response, not_found("request", *query.request_id));
  const RequestRecord& record = page.rows.front();
  Json answer = to_row(record);
  answer["decision"] =
      record.attempts.empty() ? Json(nullptr) : Json(record.attempts.back().reason.text());
  answer["request_body"] = text_or_null(record.request_body);
  answer["response_body"] = text_or_null(record.response_body);
  send_json(response, answer);
}

// The part of the input that came from prompt caches; null: no input is known.
Json cached_share(const TokenUsage& usage) {
  const auto input = static_cast<double>(usage.input.value_or(0));
  if (input <= 0) return nullptr;
  return static_cast<double>(usage.cached.value_or(0)) / input;
}

// In order, each with the resource that the session has left for it.
Json turns_of(const Page<RequestRecord>& newest_first) {
  Json turns = Json::array();
  std::string before;
  for (auto record = newest_first.rows.rbegin(); record != newest_first.rows.rend(); ++record) {
    Json turn = to_row(*record);
    const std::string now = record->attempts.empty() ? "" : record->attempts.back().resource_id;
    const bool moved = !now.empty() && !before.empty() && now != before;
    turn["moved_from"] = moved ? Json(before) : Json(nullptr);
    turn["cached_share"] = cached_share(record->usage);
    if (!now.empty()) before = now;
    turns.push_back(std::move(turn));
  }
  return turns;
}

void answer_session(const ControlPlaneContext& context, const httplib::Request& request,
                    httplib::Response& response) {
  auto query = parse_page_query(request);
  if (!query) return send_error(response, query.error());
  RecordQuery of_session;
  of_session.limit = 1;
  const auto& id = of_session.session_id = query.value().session_id =
      name_after(request, "/admin/sessions/");
  context.telemetry.flush(kFlush);
  const auto sessions = context.records.sessions(of_session);
  if (sessions.rows.empty()) return send_error(response, not_found("session", *id));
  const auto page = context.records.requests(*query);
  Json turns = turns_of(page);
  const auto moves = std::count_if(turns.begin(), turns.end(),
                                   [](const Json& turn) { return !turn["moved_from"].is_null(); });
  const SessionRow& session = sessions.rows.front();
  send_json(response, {{"session", to_row(session)},
                       {"cached_share", cached_share(session.usage)},
                       {"moves", moves},
                       {"turns", std::move(turns)},
                       {"next_cursor", text_or_null(page.next_cursor)}});
}

}  // namespace

void add_record_details(RouteTable& routes, const std::shared_ptr<Plane>& plane) {
  routes.get("/admin/requests/*", Access::data, [plane](const auto& request, auto& response) {
    answer_request(plane->context, request, response);
  });
  routes.get("/admin/sessions/*", Access::data, [plane](const auto& request, auto& response) {
    answer_session(plane->context, request, response);
  });
}

}  // namespace responses_proxy::control
