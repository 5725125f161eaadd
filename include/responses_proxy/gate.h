// Gate: who is calling, and whether that caller may.
//
// Role       The first thing that is asked about a request. A Proxy has a gate of its own, over
//            Config::client_tokens, which is open while there are none. A host that knows its users
//            gives it another (ProxyOptions::gate).
// Threads    admit() from every event loop, several at once.
// Ownership  Belongs to the host, and outlives the Proxy.
// Errors     What admit() returns is the client's answer: 401 for somebody who is not known, 403 or
//            429 for what that caller may not do, or not now.
// Blocking   admit() must not block: it runs on an event loop, before everything else.
// Limits     A caller's name stands in records, lists and metrics: no secret, up to 64 bytes, and
//            not one per request.
#pragma once

#include <string>

#include "responses_proxy/export.h"
#include "responses_proxy/request.h"
#include "responses_proxy/result.h"

namespace RP_PUBLIC responses_proxy {

struct Caller {
  std::string name;  // "" = nobody in particular: the proxy is open
};

class Gate {
 public:
  virtual ~Gate() = default;

  // Asked for each HTTP request, for each WebSocket handshake, and for each turn on that socket: a
  // turn has the headers of its handshake. A client whose handshake is refused gets the Error of
  // the same request over HTTP.
  virtual Result<Caller> admit(const Request& request) = 0;
};

}  // namespace responses_proxy
