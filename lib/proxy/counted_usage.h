// Which answers' token usage counts.
#pragma once

#include <string_view>

#include "responses_proxy/answer.h"
#include "responses_proxy/request_record.h"
#include "route/endpoint.h"

namespace responses_proxy {

// The usage of answers that were generated for this request, and of background responses that are
// read back: their usage is in no other answer. The latter is in each of the answers that a client
// polls for; the database counts it once (storage/background_usage.h). Nothing of all others:
// reading a response back repeats its usage.
inline TokenUsage counted_usage(EndpointKind kind, std::string_view method,
                                const AnswerFacts& facts) {
  const bool generated = kind == EndpointKind::create_response || kind == EndpointKind::compact;
  const bool read_back = kind == EndpointKind::response && method == "GET" && facts.background;
  return generated || read_back ? facts.usage : TokenUsage();
}

}  // namespace responses_proxy
