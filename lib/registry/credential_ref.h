// What a credential_ref stands for: env:NAME or file:/path.
//
// Errors     As values; no text quotes what was read.
// Blocking   Reads a file.
// Limits     A key has at most kMaxKeyBytes, as everywhere.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "responses_proxy/secret.h"

namespace responses_proxy {

struct ReferredKey {
  Secret secret;
  std::string problem;  // "" = none
  std::string file;     // that was read, or could not be; "" = none
};

// The value of a variable of this process; nothing if it is not set.
using Variable = std::function<std::optional<std::string>(const std::string& name)>;

ReferredKey resolve_reference(const std::string& reference, const Variable& variable);

}  // namespace responses_proxy
