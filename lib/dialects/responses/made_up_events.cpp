#include "dialects/responses/made_up_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/json.h"
#include "core/json_members.h"
#include "core/json_reader.h"
#include "core/json_text.h"
#include "dialects/responses/client_headers.h"
#include "dialects/translation/read_conversation.h"
#include "dialects/translation/response_object.h"

namespace responses_proxy {

namespace {

constexpr std::string_view kCodexMetadata = "codex.response.metadata";

std::string event(std::string_view type, std::int64_t sequence_number, std::string_view response) {
  JsonText json;
  json.begin_object().put("type", type).put_number("sequence_number", sequence_number);
  return json.put_raw("response", response).end_object().take();
}

ResponseObject object_of(std::string_view request, std::string_view id, WallTime now) {
  JsonDocument document;
  const bool readable = document.read(request) && document.root().is_object();
  if (!readable) document.read("{}");
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  const Conversation options = read_options(document.root());
  return {options, id, options.model, seconds.count()};
}

std::vector<std::string> beginning(const ResponseObject& object) {
  const std::string response = object.json({}, {}, {});
  return {event("response.created", 0, response), event("response.in_progress", 1, response)};
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

std::vector<std::string> warm_up_events(std::string_view request, std::string_view response_id,
                                        WallTime now) {
  const ResponseObject object = object_of(request, response_id, now);
  std::vector<std::string> events = beginning(object);
  ResponseState completed;
  completed.status = "completed";
  completed.completed_at = object.created_at();
  const auto number = static_cast<std::int64_t>(events.size());
  events.push_back(event("response.completed", number, object.json(completed, {}, usage_json({}))));
  return events;
}

std::vector<std::string> interrupted_events(std::string_view request, std::string_view response_id,
                                            std::int64_t number, WallTime now) {
  const ResponseObject object = object_of(request, response_id, now);
  std::vector<std::string> events;
  if (number == 0) events = beginning(object);
  ResponseState incomplete;
  incomplete.status = "incomplete";
  incomplete.incomplete_reason = "interrupted";
  const std::int64_t last = std::max(number, static_cast<std::int64_t>(events.size()));
  events.push_back(event("response.incomplete", last, object.json(incomplete, {}, {})));
  return events;
}

std::string failed_message(WallTime now) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  const Json error = {{"code", "server_error"},
                      {"message", "The upstream's answer has no end that can be read."}};
  return dump({{"type", "response.failed"},
               {"response",
                {{"id", ""},
                 {"object", "response"},
                 {"created_at", seconds.count()},
                 {"status", "failed"},
                 {"error", error},
                 {"incomplete_details", nullptr},
                 {"output", Json::array()},
                 {"usage", nullptr}}}});
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
