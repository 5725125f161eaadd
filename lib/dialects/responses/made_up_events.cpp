#include "dialects/responses/made_up_events.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/json.h"
#include "core/json_members.h"
#include "dialects/responses/client_headers.h"

namespace responses_proxy {

namespace {

constexpr std::string_view kCodexMetadata = "codex.response.metadata";

Json response_object(const std::string& id, std::string_view status, WallTime now) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  return {{"id", id},
          {"object", "response"},
          {"created_at", seconds.count()},
          {"status", status},
          {"error", nullptr},
          {"incomplete_details", nullptr},
          {"output", Json::array()},
          {"usage", nullptr}};
}

std::string event(std::string_view type, std::int64_t sequence_number, Json response) {
  return dump(
      {{"type", type}, {"sequence_number", sequence_number}, {"response", std::move(response)}});
}

Json readable_error(int status, std::string_view body) {
  if (const auto members = read_members(body)) {
    const std::string_view error = member(*members, "error");
    if (error.starts_with('{')) return Json::parse(error, nullptr, false);
  }
  return {{"message", fmt::format("The upstream answered {}.", status)},
          {"type", status < 500 ? "invalid_request_error" : "server_error"},
          {"param", nullptr},
          {"code", fmt::format("http_{}", status)}};
}

}  // namespace

std::vector<std::string> warm_up_events(const std::string& previous_response_id,
                                        const std::string& response_id, WallTime now) {
  Json created = response_object(response_id, "in_progress", now);
  Json completed = response_object(response_id, "completed", now);
  if (!previous_response_id.empty()) {
    created["previous_response_id"] = previous_response_id;
    completed["previous_response_id"] = previous_response_id;
  }
  completed["usage"] = {{"input_tokens", 0}, {"output_tokens", 0}, {"total_tokens", 0}};
  return {event("response.created", 0, std::move(created)),
          event("response.completed", 1, std::move(completed))};
}

std::vector<std::string> interrupted_events(const std::string& response_id, std::int64_t number,
                                            WallTime now) {
  std::vector<std::string> events;
  if (number == 0) {
    events.push_back(
        event("response.created", 0, response_object(response_id, "in_progress", now)));
  }
  Json incomplete = response_object(response_id, "incomplete", now);
  incomplete["incomplete_details"] = {{"reason", "interrupted"}};
  const std::int64_t last = std::max<std::int64_t>(number, 1);
  events.push_back(event("response.incomplete", last, std::move(incomplete)));
  return events;
}

std::string failed_message(WallTime now) {
  Json failed = response_object("", "failed", now);
  failed["error"] = {{"code", "server_error"},
                     {"message", "The upstream's answer has no end that can be read."}};
  return dump({{"type", "response.failed"}, {"response", std::move(failed)}});
}

std::string error_message(int status, const Headers& headers, std::string_view body,
                          std::string_view stream_id) {
  Json message = {{"type", "error"}, {"status", status}};
  if (!stream_id.empty()) message["stream_id"] = stream_id;
  message["error"] = readable_error(status, body);
  Json fields = Json::object();
  for (const Header& field : headers) {
    if (field.id != FieldId::content_type) fields[std::string(field.name)] = field.value;
  }
  if (!fields.empty()) message["headers"] = std::move(fields);
  return dump(message);
}

std::string catalog_message(const Headers& headers) {
  const auto etag = headers.find(kCatalogField);
  if (!etag) return {};
  return dump({{"type", kCodexMetadata}, {"headers", {{kCatalogField, *etag}}}});
}

bool is_catalog_message(std::string_view type, std::string_view json) {
  return type == kCodexMetadata && json.find(kCatalogField) != std::string_view::npos;
}

std::string metadata_message(const Headers& headers) {
  Json fields = Json::object();
  for (const std::string_view name : kMetadataFields) {
    if (const auto value = headers.find(name)) fields[std::string(name)] = *value;
  }
  if (fields.empty()) return {};
  return dump({{"type", "response.metadata"}, {"headers", std::move(fields)}});
}

}  // namespace responses_proxy
