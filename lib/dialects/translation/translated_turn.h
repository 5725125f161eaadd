// What the translate() of every dialect does that is not the Responses API.
//
// Ownership  Free functions without state.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "dialects/translation/read_conversation.h"
#include "dialects/translation/translated_answer.h"
#include "responses_proxy/dialect.h"

namespace responses_proxy {

// 501 for all but POST /v1/responses and /v1/responses/compact: other wire formats know nothing
// else.
std::optional<Error> refuse_other_endpoints(const Request& request);

Result<std::unique_ptr<ParsedRequest>> read_conversation(const Turn& turn);

// As it is sent.
std::string_view upstream_model(const Turn& turn, const Conversation& conversation);

// The client's headers as far as they may go up, for a body that is JSON.
Headers translated_request_headers(const Headers& from_client, bool stream);

// One thing more that could not be said, on record; "" = nothing.
void note_adjusted(Translated& translated, std::string_view what);

// The answer's side, once the request is written: `conversation` gives its names away. Hosted tools
// that were left out are told in a header, and on record; so are items that were, on record.
void finish_translation(Translated& translated, const Turn& turn, Conversation& conversation,
                        std::unique_ptr<AnswerDecoder> decoder);

}  // namespace responses_proxy
