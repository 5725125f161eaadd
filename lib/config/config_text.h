// Configuration as text: what people read, all of it made from the field table.
//
// Ownership  Pure functions.
// Limits     No secret appears in any of it: passwords in URLs are "***", other secrets are
//            Secret::masked().
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/field_table.h"
#include "responses_proxy/config.h"

namespace responses_proxy::config {

// The effective configuration, aligned lines of "NAME = value", then one line per resource.
std::string describe_config(const Config& config);

// The content of docs/configuration.md.
std::string configuration_markdown();

// One warning per variable that looks like one of ours but is not read: a typing error would
// otherwise go unnoticed. `entries` are "NAME=value" and end with a null pointer, as environ does.
std::vector<std::string> unknown_variable_warnings(const char* const* entries);

// A value as it may be printed.
std::string shown_value(const Field& field, std::string_view value);

// `PROXY_PORT: "abc" is not an integer; allowed: an integer from 0 to 65535`
ConfigError value_error(const Field& field, const std::string& variable, std::string_view value,
                        std::string_view problem);

}  // namespace responses_proxy::config
