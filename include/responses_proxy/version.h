// The version of libresponses_proxy, as in CMakeLists.txt and CHANGELOG.md.
#pragma once

#include <string_view>

#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace responses_proxy
