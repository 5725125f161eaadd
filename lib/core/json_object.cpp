#include "core/json_object.h"

#include "core/json_reader.h"

namespace responses_proxy {

std::optional<Json> parse_json_value(std::string_view text) {
  // nlohmann's parser knows no depth that is too much, and its writer would fail on it.
  if (!read_json(text, [](simdjson::dom::element) {})) return std::nullopt;
  Json document = Json::parse(text, nullptr, false);
  if (document.is_discarded()) return std::nullopt;
  return document;
}

std::optional<Json> parse_json_object(std::string_view text) {
  auto document = parse_json_value(text);
  if (!document || !document->is_object()) return std::nullopt;
  return document;
}

}  // namespace responses_proxy
