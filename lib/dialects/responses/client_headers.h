// Header fields that clients of the Responses API look for, where they do not come as headers.
#pragma once

#include <array>
#include <string_view>

namespace responses_proxy {

// Over a socket it comes back in a message's `client_metadata`, under its own name.
inline constexpr std::string_view kTurnState = "x-codex-turn-state";

// What HTTP upstreams say in headers, and clients of a socket read from a `response.metadata`.
inline constexpr std::array<std::string_view, 2> kMetadataFields{kTurnState, "openai-model"};

// The version of the catalog that Codex has been given.
inline constexpr std::string_view kCatalogField = "x-models-etag";

}  // namespace responses_proxy
