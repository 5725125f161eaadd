// Images and files in messages of the Messages API.
#pragma once

#include <optional>

#include "core/json_text.h"
#include "dialects/anthropic_messages/anthropic_settings.h"
#include "dialects/translation/conversation.h"
#include "responses_proxy/error.h"

namespace responses_proxy {

bool is_media(const Part& part);

// The members of its block. Error: this provider does not take it; `param` says which part.
std::optional<Error> put_media(JsonText& out, const Part& part, const AnthropicSettings& settings);

}  // namespace responses_proxy
