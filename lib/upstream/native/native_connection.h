// NativeConnection: one connection to an origin, and who is told when it is ready.
//
// It keeps itself while it tells its user something. After close() nobody is told anything.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <memory>
#include <span>

#include "core/socket_poller.h"
#include "responses_proxy/clock.h"
#include "upstream/native/origin.h"
#include "upstream/native/wire.h"

namespace responses_proxy {

class NativeConnection final : private PolledSocket::Waiter,
                               public std::enable_shared_from_this<NativeConnection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  class User {
   public:
    virtual void on_readable(NativeConnection& connection) = 0;
    virtual void on_writable(NativeConnection& connection) = 0;

   protected:
    ~User() = default;
  };

  // `wire`: on that socket. Throws std::system_error where the kernel has no memory to watch it.
  NativeConnection(std::shared_ptr<Origin> origin, Socket socket, std::unique_ptr<Wire> wire,
                   SteadyTime now);

  Origin& origin() const { return *origin_; }
  Wire& wire() { return *wire_; }
  // Of its wire.
  WireResult read(std::span<char> to);
  SteadyTime made() const { return made_; }

  void serve(User& user) { user_ = &user; }
  // Once, when it can be read or written; a second wish of a kind changes nothing.
  void want_read() { socket_.want_read(); }
  void want_write() { socket_.want_write(); }
  void close();

  SteadyTime idle_since;  // the pool's

 private:
  void on_readable() override;
  void on_writable() override;

  const std::shared_ptr<Origin> origin_;
  PolledSocket socket_;
  std::unique_ptr<Wire> wire_;  // on that socket
  const SteadyTime made_;
  User* user_ = nullptr;
};

}  // namespace responses_proxy
