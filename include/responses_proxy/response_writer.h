// ResponseWriter: where an exchange writes its answer; implemented by the host.
//
// Role       The downstream half of the pump. rp-server implements it over a socket, an embedder
//            over whatever it serves with, tests over a string.
// Threads    All calls come from one thread at a time: the event loop the exchange runs on. The
//            host may call the observer from that same loop only (EventLoop::post gets it there),
//            and never from inside a call of the writer.
// Order      start, then write any number of times, then exactly one of finish or abort.
// Errors     A client that is gone is reported once through ResponseObserver::on_closed; writes
//            after that are ignored.
// Blocking   No call may block. A writer that has more queued than it wants returns false from
//            write and calls on_writable when it has drained: the exchange then pauses its
//            upstream.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "responses_proxy/export.h"
#include "responses_proxy/request.h"

namespace RP_PUBLIC responses_proxy {

struct ResponseHead {
  int status = 200;
  Headers headers;                              // without Content-Length and Transfer-Encoding
  std::optional<std::uint64_t> content_length;  // absent: the host frames the body itself
};

// Told by the host how the client is doing. Implemented by the exchange.
class ResponseObserver {
 public:
  virtual void on_writable() = 0;  // after a write that returned false
  virtual void on_closed() = 0;    // the client is gone
 protected:
  ~ResponseObserver() = default;
};

class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;
  // The observer stays valid until finish, abort or its own on_closed.
  virtual void observe(ResponseObserver* observer) = 0;
  virtual void start(ResponseHead head) = 0;
  // `bytes` is only valid during the call. false: accepted, but wait for on_writable.
  virtual bool write(std::string_view bytes) = 0;
  virtual void finish() = 0;
  // The answer cannot be completed: cut the connection so that the client notices.
  virtual void abort() = 0;
};

}  // namespace responses_proxy
