// AddressConnect: connects a socket to the first address of a name that takes it.
//
// Role       A host that has several addresses must be tried on all of them before it has failed
//            (RFC 1123 2.3): "localhost" is often ::1 first, with the server on 127.0.0.1 only.
// Threads    On the thread that runs the socket's io_context.
// Ownership  The caller keeps the socket until the callback; start() keeps the rest.
// Errors     The callback gets the most telling one: "refused" rather than "no route".
// Limits     Each address gets its share of the time, so one that swallows everything leaves enough
//            for the others.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "responses_proxy/timers.h"

namespace responses_proxy {

class AddressConnect : public std::enable_shared_from_this<AddressConnect> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  using Address = Socket::endpoint_type;
  using Done = std::function<void(boost::system::error_code error)>;

  // `addresses`: at least one, in the order to try them.
  AddressConnect(Socket& socket, std::vector<Address> addresses, Millis within, Timers& timers);

  // Once. Calls `done` once.
  void start(Done done);
  // Ends it with an error; the socket is closed.
  void cancel();

 private:
  void try_next();
  void learn(boost::system::error_code error);

  Socket& socket_;
  const std::vector<Address> addresses_;
  const Millis share_;  // of the time, for each address
  Timers& timers_;
  std::unique_ptr<Timer> timer_;  // of the address under way
  Done done_;
  std::size_t next_ = 0;
  boost::system::error_code problem_;  // to be told if no address works
  bool late_ = false;                  // the address under way has used up its share
  bool cancelled_ = false;
};

}  // namespace responses_proxy
