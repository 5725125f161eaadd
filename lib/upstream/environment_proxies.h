// EnvironmentProxies: which requests go through a proxy that the environment names.
//
// libcurl carries those out, and reads the variables itself. Here it is only decided who asks:
// where a rule of theirs is not understood, libcurl does.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace responses_proxy {

struct EnvironmentProxies {
  bool http = false;    // http_proxy, all_proxy
  bool https = false;   // https_proxy, all_proxy
  std::string none_of;  // no_proxy

  // `variable`: a variable's value, nothing if it is not set.
  static EnvironmentProxies read(
      const std::function<std::optional<std::string>(const char* name)>& variable);
  static EnvironmentProxies of_this_process();

  bool apply_to(std::string_view url) const;
};

}  // namespace responses_proxy
