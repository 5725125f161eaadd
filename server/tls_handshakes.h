// TlsHandshakes: connections of one event loop that are not as far as their first request.
//
// Limits     HandshakeLimits; when one more comes, the one that has waited for longest is closed,
// so
//            that clients that do nothing keep nobody out.
// Errors     A client that speaks no TLS is closed; one that speaks HTTP is told so first.
#pragma once

#include <functional>
#include <list>
#include <memory>

#include "responses_proxy/clock.h"
#include "server/client_socket.h"

namespace responses_proxy {

struct HandshakeLimits {
  std::size_t most = 1'024;  // at a time
  Millis deadline{10'000};   // for each
};

class TlsHandshakes : public std::enable_shared_from_this<TlsHandshakes> {
 public:
  using Done = std::function<void(ClientSocket::Tcp tcp, TlsSession tls)>;

  // `tls`, `limits` and `clock` outlive it; `done` is not called from inside start().
  TlsHandshakes(const ListenerTls& tls, const HandshakeLimits& limits, const Clock& clock,
                Done done);

  void start(ClientSocket::Tcp socket);
  // Called about once a second: closes what has been too slow.
  void check_deadlines(SteadyTime now);
  void close_all();
  std::size_t pending() const { return pending_.size(); }

 private:
  struct Handshake {
    ClientSocket::Tcp tcp;
    TlsSession tls;
    SteadyTime deadline;
  };
  // In the order in which they began.
  using Pending = std::list<std::shared_ptr<Handshake>>;

  void step(Pending::iterator at);
  void wait(Pending::iterator at, ClientSocket::Tcp::wait_type for_what);
  void finish(Pending::iterator at);
  void drop(Pending::iterator at);

  const ListenerTls& tls_;
  const HandshakeLimits& limits_;
  const Clock& clock_;
  const Done done_;
  Pending pending_;
};

}  // namespace responses_proxy
