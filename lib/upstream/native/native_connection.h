// NativeConnection: one connection to an origin, and who is told when it is ready.
//
// Asio's operations must outlive nothing but the connection: each holds a share of it. After
// close() nobody is told anything.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <memory>
#include <span>

#include "responses_proxy/clock.h"
#include "upstream/native/origin.h"
#include "upstream/native/wire.h"

namespace responses_proxy {

class NativeConnection : public std::enable_shared_from_this<NativeConnection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  class User {
   public:
    virtual void on_readable(NativeConnection& connection) = 0;
    virtual void on_writable(NativeConnection& connection) = 0;

   protected:
    ~User() = default;
  };

  NativeConnection(std::shared_ptr<Origin> origin, Socket socket, std::unique_ptr<Wire> wire,
                   SteadyTime now);

  Origin& origin() const { return *origin_; }
  Wire& wire() { return *wire_; }
  SteadyTime made() const { return made_; }

  void serve(User& user) { user_ = &user; }
  // Once, when it can be read or written; a second wish of a kind changes nothing.
  void want_read();
  void want_write();
  void close();

  SteadyTime idle_since;  // the pool's

 private:
  void on_ready(bool& waiting, void (User::*tell)(NativeConnection&));

  const std::shared_ptr<Origin> origin_;
  Socket socket_;
  std::unique_ptr<Wire> wire_;  // on that socket
  const SteadyTime made_;
  User* user_ = nullptr;
  bool waiting_to_read_ = false;
  bool waiting_to_write_ = false;
};

}  // namespace responses_proxy
