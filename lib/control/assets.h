// The files of lib/control/assets/, compiled in.
#pragma once

#include <string_view>

namespace responses_proxy::control {

extern const std::string_view kDashboardHtml;
extern const std::string_view kDocsHtml;
extern const std::string_view kOpenapiJson;
extern const std::string_view kProviderPresetsJson;

}  // namespace responses_proxy::control
