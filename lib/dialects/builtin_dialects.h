// The dialects that are built in, in one visible list.
#pragma once

#include <memory>
#include <vector>

#include "responses_proxy/dialect.h"

namespace responses_proxy {

// One for each `wire_api`.
std::vector<std::unique_ptr<Dialect>> make_builtin_dialects();

}  // namespace responses_proxy
