// Lane: the turns of one `stream_id` on a client's socket, one after the other.
#pragma once

#include <memory>
#include <string>

#include "conversations/memory_conversations.h"
#include "proxy/web_socket/lane_upstream.h"
#include "responses_proxy/config.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/helper_threads.h"
#include "responses_proxy/proxy_options.h"
#include "responses_proxy/timers.h"

namespace responses_proxy {

class SocketTurn;

struct Lane {
  std::string name;                        // the stream_id; "" = the default lane
  std::shared_ptr<SocketTurn> turn;        // under way
  std::unique_ptr<LaneUpstream> upstream;  // kept for the next turn
  std::string latest_response;             // that can be continued; "" = none
};

// What the sockets of one event loop work with.
struct SocketServices {
  const Config& config;
  const ProxyOptions& dependencies;
  EventLoop& loop;
  Timers& timers;
  UpstreamClient& http;
  UpstreamSockets* sockets;  // null: every turn goes over HTTP
  HelperThreads& helpers;
};

// A socket remembers the latest response of each of its lanes, for as long as it is open.
inline ConversationLimits socket_limits(std::size_t max_bytes) {
  constexpr std::size_t kMaxResponses = 64;  // more than there can be lanes
  constexpr Millis kForEver = std::chrono::hours(24 * 365);
  return {kMaxResponses, max_bytes, max_bytes, kForEver};
}

// What all turns of one client's socket share.
struct SocketContext : SocketServices {
  Headers headers;  // of the handshake, for each turn's request
  MemoryConversations conversations;
};

}  // namespace responses_proxy
