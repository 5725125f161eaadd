// Endpoint: which part of the API a request is for, read from method and path.
#pragma once

#include <cstdint>
#include <string_view>

#include "responses_proxy/result.h"

namespace responses_proxy {

enum class EndpointKind : std::uint8_t {
  create_response,   // POST /v1/responses
  compact,           // POST /v1/responses/compact
  input_tokens,      // POST /v1/responses/input_tokens
  response,          // anything under /v1/responses/{id}
  response_subpath,  // anything else under /v1/responses/
  models,            // GET /v1/models, /v1/models/{id}
  conversations,     // anything under /v1/conversations
};

struct Endpoint {
  EndpointKind kind;
  std::string_view id;  // response or conversation id in the path, "" if none; points into the path

  // Whether the body must be a JSON object.
  bool needs_json_body() const {
    return kind == EndpointKind::create_response || kind == EndpointKind::compact ||
           kind == EndpointKind::input_tokens;
  }
};

// Error: 404 for a path that is not served, 405 for a method it does not have.
Result<Endpoint> classify(std::string_view method, std::string_view path);

}  // namespace responses_proxy
