// The files of lib/control/assets/, compiled in.
#pragma once

#include <span>
#include <string_view>

namespace responses_proxy::control {

extern const std::string_view kDashboardHtml;
extern const std::string_view kDocsHtml;
extern const std::string_view kOpenapiJson;
extern const std::string_view kProviderPresetsJson;

// What the pages load, served as /assets/<name>.
struct Asset {
  std::string_view name;
  std::string_view bytes;
};
extern const std::span<const Asset> kServedAssets;

}  // namespace responses_proxy::control
