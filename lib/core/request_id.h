// Ids of requests, as the proxy makes them.
#pragma once

#include <string>

#include "responses_proxy/clock.h"
#include "responses_proxy/random.h"

namespace responses_proxy {

// "req_", the time and 64 random bits. They sort by time, which keeps the database's index writes
// together.
std::string new_request_id(WallTime now, Random& random);

}  // namespace responses_proxy
