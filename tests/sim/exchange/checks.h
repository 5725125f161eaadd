// What must hold of an exchange when it is over: its client's view and its record agree.
#pragma once

#include <cstddef>
#include <vector>

#include "responses_proxy/request_record.h"
#include "sim/exchange/http_client.h"
#include "sim/exchange/promises.h"
#include "sim/exchange/socket_client.h"

namespace responses_proxy::sim {

using Records = std::vector<const RequestRecord*>;

void check(const HttpClient& client, const Records& records, std::size_t max_attempts,
           Promises& promises);
void check(const SocketClient& client, const SocketClient::Turn& turn, const Records& records,
           std::size_t max_attempts, Promises& promises);

}  // namespace responses_proxy::sim
