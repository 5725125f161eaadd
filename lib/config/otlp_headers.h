// OTEL_EXPORTER_OTLP_HEADERS: "name=value,...", values percent-encoded
// (https://opentelemetry.io/docs/specs/otel/protocol/exporter/).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace responses_proxy::config {

// The problem, "" = none.
std::string read_otlp_headers(std::string_view value,
                              std::vector<std::pair<std::string, std::string>>& headers);

}  // namespace responses_proxy::config
