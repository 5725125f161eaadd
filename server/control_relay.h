// Relays a request that is not for the data plane to the control plane's Unix socket.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>

#include "responses_proxy/response_writer.h"
#include "responses_proxy/upstream_client.h"

namespace responses_proxy {

// On the event loop of `client`. Keeps itself alive until the answer is complete, and counts in
// `active` until then.
void relay_to_control_plane(UpstreamClient& client, const std::string& unix_socket, Request request,
                            std::shared_ptr<ResponseWriter> writer,
                            std::atomic<std::size_t>& active);

}  // namespace responses_proxy
