// Connects a TCP socket to the first of a name's addresses that takes it.
//
// Each address gets an equal share of the time that is left, so that one which swallows packets
// leaves time for the next.
#pragma once

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "responses_proxy/timers.h"

namespace responses_proxy {

class AddressWalk : public std::enable_shared_from_this<AddressWalk> {
 public:
  using ErrorCode = boost::system::error_code;
  using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;
  // Of the last address, if none took it.
  using Done = std::function<void(const ErrorCode&)>;

  // The socket must live until done was called or stop() was.
  AddressWalk(boost::asio::ip::tcp::socket& socket, Endpoints addresses, Millis time,
              Timers& timers, Done done);

  void start() { next(boost::asio::error::host_not_found); }
  // done is not called any more.
  void stop();

 private:
  void next(const ErrorCode& error_so_far);
  void end(const ErrorCode& error);

  boost::asio::ip::tcp::socket& socket_;
  const Endpoints addresses_;
  std::size_t tried_ = 0;
  Timers& timers_;
  const SteadyTime deadline_;
  std::unique_ptr<Timer> timer_;  // of the address under way
  Done done_;                     // empty once it was called
};

}  // namespace responses_proxy
