// Events that the proxy itself writes into a turn, as an upstream would.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/clock.h"
#include "responses_proxy/error.h"
#include "responses_proxy/request.h"

namespace responses_proxy {

// In both: `request` is what the response echoes; its input may be missing.

// The answer to a warm-up (`generate:false`) for an upstream that has none: its beginning and its
// end.
std::vector<std::string> warm_up_events(std::string_view request, std::string_view response_id,
                                        WallTime now);

// The end of a response that the client has interrupted. `number`: its sequence number; 0: nothing
// has come yet, so its beginning comes, too.
std::vector<std::string> interrupted_events(std::string_view request, std::string_view response_id,
                                            std::int64_t number, WallTime now);

// A message: the end of an answer whose own end did not come, or could not be read.
std::string failed_message(WallTime now);

// An `error` message. `body`: of the HTTP answer that it stands for.
std::string error_message(int status, const Headers& headers, std::string_view body,
                          std::string_view stream_id);

// What HTTP upstreams say in headers and socket clients read from an event; "" if there is nothing.
std::string metadata_message(const Headers& headers);

// Tells Codex of this proxy's catalog, as the header of that name does over HTTP; "" if there is
// nothing to tell. An upstream's own message of that kind is about another catalog.
std::string catalog_message(const Headers& headers);
bool is_catalog_message(std::string_view type, std::string_view json);

}  // namespace responses_proxy
