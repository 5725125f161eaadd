// Names for the answers that this proxy makes itself.
#pragma once

#include <string>
#include <string_view>

#include "responses_proxy/random.h"

namespace responses_proxy {

// "resp_" and 32 hexadecimal digits.
std::string new_response_id(Random& random);
// Whether it may be one of those: other makers' ids are longer, or look otherwise.
bool is_own_response_id(std::string_view id);

}  // namespace responses_proxy
