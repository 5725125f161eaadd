#include "proxy/builtins.h"

namespace responses_proxy {

std::vector<std::unique_ptr<ProviderAdapter>> make_builtin_adapters() {
  std::vector<std::unique_ptr<ProviderAdapter>> adapters;
  adapters.push_back(make_responses_adapter());
  return adapters;
}

}  // namespace responses_proxy
