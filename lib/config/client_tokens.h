// PROXY_CLIENT_TOKENS: "token" or "name:token", separated by commas.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/config.h"

namespace responses_proxy::config {

inline constexpr std::size_t kMaxCallerName = 64;

// What stands before the first colon of an item is its name, so a token with a colon in it needs
// one. An item without is called by its position: token-2. Two tokens may share a name, as one that
// replaces the other does. The problem names the item by its position, never by its text; "" =
// none.
std::string read_client_tokens(std::string_view value, std::vector<ClientToken>& tokens);

}  // namespace responses_proxy::config
