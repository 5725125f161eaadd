// Lane: the turns of one `stream_id` on a client's socket, one after the other.
#pragma once

#include <memory>
#include <string>

#include "proxy/web_socket/lane_upstream.h"
#include "proxy/web_socket/transcripts.h"
#include "responses_proxy/config.h"
#include "responses_proxy/dependencies.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/timers.h"

namespace responses_proxy {

class SocketTurn;

struct Lane {
  std::string name;                        // the stream_id; "" = the default lane
  std::shared_ptr<SocketTurn> turn;        // under way
  std::unique_ptr<LaneUpstream> upstream;  // kept for the next turn
};

// What the sockets of one event loop work with.
struct SocketServices {
  const Config& config;
  const Dependencies& dependencies;
  EventLoop& loop;
  Timers& timers;
  UpstreamClient& http;
  UpstreamSockets* sockets;  // null: every turn goes over HTTP
};

// What all turns of one client's socket share.
struct SocketContext : SocketServices {
  Headers headers;  // of the handshake, for each turn's request
  Transcripts transcripts;
};

}  // namespace responses_proxy
