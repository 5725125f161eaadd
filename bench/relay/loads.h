// The kinds of load; each runs to its end on an event loop of its own.
#pragma once

#include "measurement.h"

namespace relay_bench {

// Connections that send one JSON request after the other: as fast as they are answered, or at
// fixed times (then a late answer delays no measurement: latency counts from the planned time).
void run_json_load(const LoadOptions& options, Measurement& measurement);

// One stream per connection, opened over `warmup` and read to their end.
void run_sse_load(const LoadOptions& options, Measurement& measurement);

enum class SocketUse : std::uint8_t {
  idle,     // open, one short turn done, nothing more
  streams,  // one long turn per socket, read to its end
  turns,    // short turns one after the other, at fixed times
};

// WebSockets, opened over `warmup`.
void run_socket_load(const LoadOptions& options, SocketUse use, Measurement& measurement);

}  // namespace relay_bench
