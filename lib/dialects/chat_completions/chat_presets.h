// What is known of providers that speak Chat Completions, as the JSON that chat_settings() reads.
#pragma once

#include <string_view>

namespace responses_proxy {

// Of that name; where it is "" or not known, of the host in `base_url`. "{}" if there is none.
std::string_view chat_preset(std::string_view name, std::string_view base_url);

}  // namespace responses_proxy
