// What an error of a Responses upstream means. Providers of this wire format agree on its shape,
// not on its words: codes and types of OpenAI, Anthropic, Kimi, DeepSeek, OpenRouter, Qwen and
// others.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "responses_proxy/dialect.h"

namespace responses_proxy {

// The words of an error as an upstream has written them, cut to these sizes.
struct ErrorWords {
  static constexpr std::size_t kMaxCode = 128;
  static constexpr std::size_t kMaxMessage = 512;

  std::string code;  // the type if there is none
  std::string type;
  std::string message;
  // What an error inside the answer asks for, as the headers it stands for (retry-after, ...).
  Headers headers;
};

// Of `{"error":{...}}`, or of the error itself. Where it has no code the one in `before` stays.
ErrorWords read_error_words(simdjson::dom::element holder, ErrorWords before = {});

// The status that an error reported inside a 200 stands for: 429 for limits, 401 and 403 for keys,
// 503 for trouble at the provider, 404 for a model, 400 for what only the client can change.
int status_of_error_code(std::string_view code);

// What an error under that status means for a request of `model`; "" = no model.
UpstreamFault fault_of_error(int status, const ErrorWords& error, std::string_view model);
// An error inside a 200.
UpstreamFault fault_in_band(const ErrorWords& error, std::string_view model);
// Adds what the answer's headers, and the error's own, ask for.
void add_wishes(UpstreamFault& fault, const ErrorWords& error, const Headers& headers,
                WallTime now);

}  // namespace responses_proxy
