// Names for the answers that this proxy makes itself.
#pragma once

#include <string>

#include "responses_proxy/random.h"

namespace responses_proxy {

// "resp_" and 32 hexadecimal digits.
std::string new_response_id(Random& random);

}  // namespace responses_proxy
