#include "adapt/responses/event_type.h"

#include "core/json_reader.h"

namespace responses_proxy {

std::string_view event_type(std::string_view data) {
  constexpr std::size_t kNear = 512;
  constexpr std::string_view kKey = "\"type\"";
  const std::size_t key = data.substr(0, kNear).find(kKey);
  if (key == std::string_view::npos) return {};
  const std::size_t value = data.find_first_not_of(" :\t\r\n", key + kKey.size());
  if (value == std::string_view::npos || data[value] != '"') return {};
  const std::string_view type = data.substr(value + 1);
  return type.substr(0, type.find('"'));
}

bool is_steered(std::string_view type, std::string_view data) {
  if (type != "response.incomplete") return false;
  bool steered = false;
  read_json(data, [&steered](simdjson::dom::element event) {
    simdjson::dom::element details;
    steered = event["response"]["incomplete_details"].get(details) == simdjson::SUCCESS &&
              string_at(details, "reason") == "steered";
  });
  return steered;
}

}  // namespace responses_proxy
