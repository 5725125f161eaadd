#include "c_api/call.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error_head.h"
#include "core/field_syntax.h"
#include "core/json_object.h"

namespace responses_proxy::c_api {

std::string_view given_text(const char* text, const char* name) {
  if (text == nullptr || *text == '\0') throw Invalid(fmt::format("{} is empty", name));
  return text;
}

std::string_view given_bytes(const char* bytes, std::size_t size, const char* name) {
  if (bytes == nullptr && size > 0) throw Invalid(fmt::format("{} is NULL", name));
  return {bytes, bytes == nullptr ? 0 : size};
}

Json object_of(std::string_view json, const char* name) {
  if (json.empty()) return Json::object();
  auto parsed = parse_json_object(json);
  if (!parsed) throw Invalid(fmt::format("{} {}", name, json_object_problem(json)));
  return std::move(*parsed);
}

std::string text_at(const Json& object, const char* name, std::string_view otherwise) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return std::string(otherwise);
  if (!found->is_string()) throw Invalid(fmt::format("{} must be a text", name));
  return found->get<std::string>();
}

Headers headers_of(std::string_view json) {
  if (json.empty()) return {};
  return headers_of(parse_json_value(json).value_or(Json(false)));
}

Headers headers_of(const Json& list) {
  if (list.is_null()) return {};
  const auto is_field = [](const Json& field) {
    return field.is_array() && field.size() == 2 && field[0].is_string() && field[1].is_string() &&
           is_field_name(field[0].get_ref<const std::string&>()) &&
           is_field_value(field[1].get_ref<const std::string&>());
  };
  if (!list.is_array() || !std::all_of(list.begin(), list.end(), is_field)) {
    throw Invalid("headers must be a list of [name, value]");
  }
  Headers headers;
  for (const Json& field : list) {
    headers.add(field[0].get_ref<const std::string&>(), field[1].get_ref<const std::string&>());
  }
  return headers;
}

Json to_json(const Headers& headers) {
  Json list = Json::array();
  for (const Header& field : headers) list.push_back({field.name, field.value});
  return list;
}

Json to_json(const ResponseHead& head) {
  return {{"status", head.status}, {"headers", to_json(head.headers)}};
}

Json to_json(const Error& error) {
  const std::string body = error.to_json();
  Json answer = to_json(error_head(error, body.size()));
  answer["body"] = body;
  return answer;
}

}  // namespace responses_proxy::c_api
