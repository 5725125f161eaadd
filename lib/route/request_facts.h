// RequestFacts: what routing and records need to know of a request.
//
// Everything else in the body is the upstream's business and stays unread: unknown fields, items
// and tools pass.
#pragma once

#include <string>
#include <string_view>

#include "responses_proxy/request.h"
#include "responses_proxy/result.h"
#include "route/endpoint.h"

namespace responses_proxy {

struct RequestFacts {
  std::string model;
  bool stream = false;
  std::string pool_id;     // X-Proxy-Pool-ID or X-Pool-ID, else metadata.pool_id
  std::string pool_param;  // where it was found: "metadata.pool_id" or the header's name

  // Why a resource must or should be used again; the first non-empty one counts.
  std::string previous_response_id;
  std::string conversation_id;  // from the body or the path
  std::string path_response_id;

  // The client's session, first match of: X-Proxy-Session-ID, the client's own header (session_id,
  // session-id, x-session-id, conversation_id), metadata.session_id, client_metadata's session or
  // thread id, prompt_cache_key.
  std::string session_id;
  std::string session_name;  // X-Proxy-Session-Name, else metadata.session_name

  // The id whose account must serve this request, "" if there is none.
  const std::string& response_key() const;
};

// Longer ids and names are cut to this many bytes: they are keys and labels, not content.
inline constexpr std::size_t kMaxIdBytes = 256;

// A longer id of a response or a conversation is refused.
inline constexpr std::size_t kMaxKeyBytes = 512;

// Error: the body is not what the endpoint needs, or a routing field has the wrong type.
Result<RequestFacts> read_request_facts(const Request& request, const Endpoint& endpoint);

}  // namespace responses_proxy
