// The retry table: what follows from how an attempt began.
//
// Only attempts of which nothing has reached the client yet come here; after the first byte there
// is no retry.
#pragma once

#include <cstddef>
#include <cstdint>

#include "responses_proxy/upstream_client.h"

namespace responses_proxy {

enum class NextStep : std::uint8_t {
  stream,                   // hand this answer to the client
  other_resource,           // failover: try another resource, if there is one
  without_encrypted_items,  // the same resource once more, without what it cannot decrypt
};

struct AttemptStart {
  UpstreamError error = UpstreamError::none;  // none: an answer's head is there
  int status = 0;  // the answer's, or what an error inside a 200 amounts to
  // The resource does not know the id the request continues, and nobody remembers who does.
  bool id_unknown = false;
  // It does not have the model, or the account may not use it.
  bool model_refused = false;
  // It cannot decrypt items that another account made, and they have not been left out yet.
  bool cannot_decrypt = false;
  bool pinned = false;            // response affinity "require": no other account can serve it
  std::size_t attempts_left = 0;  // PROXY_MAX_ATTEMPTS minus those made
  // For `id_unknown` in their place: such an answer costs the provider nothing.
  std::size_t not_found_tries_left = 0;
};

NextStep next_step(const AttemptStart& start);

}  // namespace responses_proxy
