// Names for the answers that this proxy makes itself.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "responses_proxy/random.h"

namespace responses_proxy {

// "resp_" and 32 hexadecimal digits.
std::string new_response_id(Random& random);
// Whether it may be one of those: other makers' ids are longer, or look otherwise.
bool is_own_response_id(std::string_view id);

// The same of a conversation: "conv_..."
std::string new_conversation_id(Random& random);
bool is_own_conversation_id(std::string_view id);

// "msg_<digits>0002": items are called as the response that they are of, and numbered.
std::string own_item_id(std::string_view prefix, std::string_view response_id, std::size_t index);
// Of which of our own responses that item may be; "" = it is none of ours.
std::string own_response_of(std::string_view item_id);

}  // namespace responses_proxy
