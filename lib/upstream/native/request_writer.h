// RequestWriter: one request on its way into a connection: head and body in one write, the body not
// copied.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "responses_proxy/upstream_client.h"
#include "upstream/native/wire.h"
#include "upstream/socket_target.h"

namespace responses_proxy {

// Appends the head of a request. False: a field has a line end in it.
bool append_request_head(std::string& to, const UpstreamRequest& request,
                         const SocketTarget& target, std::string_view body);

// What of it goes up: a HEAD has no body.
std::string_view body_to_send(const UpstreamRequest& request);

class RequestWriter {
 public:
  // Of one call; whoever has more to send lets others have their turn.
  static constexpr std::size_t kMaxBytesAtOnce = 1024 * 1024;

  // `head` is used during the next write() only: what is left of it then is copied.
  void begin(std::string_view head, std::string_view body);
  // done: all of it has been sent, or as much as fits into one turn.
  WireState write(Wire& wire);
  // The upstream wants no more of it.
  void stop() { stopped_ = true; }

  bool done() const { return stopped_ || (head_.empty() && body_.empty()); }
  bool stopped() const { return stopped_; }
  std::size_t bytes_sent() const { return sent_; }

 private:
  void take_off(std::size_t bytes);

  std::string kept_head_;
  std::string_view head_;  // what is left of it
  std::string_view body_;
  std::size_t sent_ = 0;
  bool stopped_ = false;
};

}  // namespace responses_proxy
