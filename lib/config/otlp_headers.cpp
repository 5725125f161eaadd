#include "config/otlp_headers.h"

#include "config_values/value_parser.h"
#include "core/field_syntax.h"
#include "core/percent_decoded.h"

namespace responses_proxy::config {

std::string read_otlp_headers(std::string_view value,
                              std::vector<std::pair<std::string, std::string>>& headers) {
  for (const std::string_view item : split_list(value)) {
    if (item.empty()) continue;
    const auto equals = item.find('=');
    const std::string_view name = trim(item.substr(0, equals));
    if (equals == std::string_view::npos || !is_field_name(name)) {
      return "has an item that is not name=value";
    }
    const auto decoded = percent_decoded(trim(item.substr(equals + 1)));
    if (!decoded || !is_field_value(*decoded)) return "has a value that cannot be sent in a header";
    headers.emplace_back(name, *decoded);
  }
  return {};
}

}  // namespace responses_proxy::config
