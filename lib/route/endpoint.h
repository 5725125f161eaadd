// Endpoint: which part of the API a request is for, read from method and path.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
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
  search,            // POST /v1/alpha/search: Codex's own
};
inline constexpr std::array kEndpointKinds = {
    EndpointKind::create_response,  EndpointKind::compact, EndpointKind::input_tokens,
    EndpointKind::response,         EndpointKind::models,  EndpointKind::conversations,
    EndpointKind::response_subpath, EndpointKind::search,
};

struct Endpoint {
  EndpointKind kind;
  std::string_view id;  // response or conversation id in the path, "" if none; points into the path

  // Whether the body must be a JSON object.
  bool needs_json_body() const {
    return kind == EndpointKind::create_response || kind == EndpointKind::compact ||
           kind == EndpointKind::input_tokens || kind == EndpointKind::search;
  }
};

// Whether a path is the proxy's to serve; all others are the host's, the control plane for example.
bool is_data_plane(std::string_view path);
// The one name of a path: with the /v1 that a client may leave out ("/responses/x"), and without
// one slash at the end. Paths that are not the data plane's stay as they are.
std::string served_path(std::string_view path);

// `path` is a served_path(). Error: 400 for a path that is refused (core/request_path.h), 404 for
// one that is not served, 405 for a method it does not have.
Result<Endpoint> classify(std::string_view method, std::string_view path);

// The paths of a kind as the description of the API names them: "/v1/models/{model}". None of
// response_subpath: what an upstream may have there is not ours to describe.
std::span<const std::string_view> described_paths(EndpointKind kind);

}  // namespace responses_proxy
