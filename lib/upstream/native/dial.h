// Dial: one connection in the making: addresses, connecting, TLS.
//
// Ownership  Shared with its operations; cancel() ends it, and nobody is told.
// Errors     A UpstreamError of the connect family, and the reason in words.
// Limits     All of it within `timeout`.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/address_walk.h"
#include "responses_proxy/event_loop.h"
#include "upstream/native/name_cache.h"
#include "upstream/native/native_connection.h"
#include "upstream/native/tls_wire.h"

namespace responses_proxy {

// Of the client, and longer-lived than any dial that is not cancelled.
struct DialTools {
  EventLoop& loop;
  const Clock& clock;
  NameCache& names;
  TlsWires& tls;
  bool allow_private;
};

class Dial final : public std::enable_shared_from_this<Dial>, private NativeConnection::User {
 public:
  struct Outcome {
    std::shared_ptr<NativeConnection> connection;  // null: there is none, because:
    UpstreamError error = UpstreamError::none;
    std::string reason = {};
    // Since the start, each 0 if it was not needed or came to nothing.
    std::chrono::microseconds resolve_time{0};
    std::chrono::microseconds connect_time{0};
    std::chrono::microseconds tls_time{0};
  };
  using Done = std::function<void(Outcome outcome)>;

  Dial(const DialTools& tools, std::shared_ptr<Origin> origin, Millis timeout);

  // Calls `done` once, not inside this call.
  void start(Done done);
  void cancel();

 private:
  using Socket = NativeConnection::Socket;
  using Walk = AddressWalk<Socket>;
  using ErrorCode = boost::system::error_code;

  void begin();
  void connect_to(const NameCache::Addresses& addresses);
  void walk(Walk::Addresses addresses);
  void on_connected(ErrorCode error);
  std::unique_ptr<Wire> make_wire();
  void shake_hands();
  void on_readable(NativeConnection&) override { shake_hands(); }
  void on_writable(NativeConnection&) override { shake_hands(); }

  Millis time_left() const;
  std::chrono::microseconds time_taken() const;
  void expect(std::string_view what);
  void succeed();
  void fail(UpstreamError error, std::string_view reason);

  DialTools tools_;
  const std::shared_ptr<Origin> origin_;
  const SteadyTime started_;
  const Millis timeout_;
  Socket socket_;
  Outcome outcome_;  // as far as it is known
  Done done_;        // null: over
  std::unique_ptr<Timer> timer_;
  std::shared_ptr<Walk> walk_;                    // while it connects
  TlsWire* tls_wire_ = nullptr;                   // the connection's
  std::shared_ptr<NativeConnection> connection_;  // once connected
};

}  // namespace responses_proxy
