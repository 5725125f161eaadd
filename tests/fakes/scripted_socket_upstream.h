// ScriptedSocketUpstream: a provider that speaks HTTP and WebSocket on one port; what it says over
// WebSocket is data.
//
// Role       Records handshakes, messages and how sockets ended. A message is answered by its
//            connection's script, else by the turns of its key, else by a ResponsesConversation.
//            What is no upgrade goes to http(), a ScriptedUpstream with all its rules.
// Threads    One thread serves all sockets. All public functions are safe from any thread.
// Errors     The wait functions give up after ScriptedUpstream::kPatience and return false.
// Limits     No TLS. permessage-deflate if a client offers it. Steps of one lane (stream_id) run
// one after the other,
//            those of different lanes next to each other; pings are answered at any time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fakes/scripted_upstream.h"
#include "fakes/socket_script.h"

namespace responses_proxy::testing {

struct SocketEnd {
  std::size_t connection = 0;
  std::uint16_t code =
      0;  // of the client's close frame; 1005 without one in it, 1006 without a frame
  std::string reason;
};

struct SocketCounts {
  std::size_t handshakes = 0;  // refused ones included
  std::size_t open = 0;        // now
  std::size_t ended = 0;       // after they were open
  std::size_t messages = 0;
  std::size_t pings = 0;  // from clients
  std::size_t pongs = 0;
  std::uint64_t sent_bytes = 0;  // payload of messages, taken by the kernel so far
};

class ScriptedSocketUpstream {
 public:
  ScriptedSocketUpstream();
  ~ScriptedSocketUpstream();
  ScriptedSocketUpstream(const ScriptedSocketUpstream&) = delete;
  ScriptedSocketUpstream& operator=(const ScriptedSocketUpstream&) = delete;

  std::uint16_t port() const;
  std::string base_url() const;  // "http://127.0.0.1:1234/v1"
  ScriptedUpstream& http();      // its own port and counts of sockets do not matter here

  // For the next handshakes, one each.
  void on_connection(std::vector<SocketScript> scripts);
  // For every handshake that on_connection leaves; SocketScript{} at first.
  void set_default(SocketScript script);
  void refuse_all(int status);  // a set_default
  // The next turns (response.create without generate:false) of that key's sockets; "" = of any.
  void on_key(std::string key, std::vector<Reply> turns);
  void open_gate(const std::string& name);  // stays open, for http() as well

  SocketCounts counts() const;
  std::vector<RecordedRequest> handshakes() const;  // `connection` counts handshakes
  std::vector<SocketMessage> messages() const;
  std::vector<SocketEnd> ends() const;

  bool wait_until(const std::function<bool(const SocketCounts&)>& condition) const;
  bool wait_for_messages(std::size_t n) const;    // n or more so far
  bool wait_for_handshakes(std::size_t n) const;  // n or more so far
  bool wait_for_ends(std::size_t n) const;        // n or more so far

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace responses_proxy::testing
