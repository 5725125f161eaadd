#include "redis/address_connect.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <utility>

namespace responses_proxy {

namespace {

namespace errors = boost::asio::error;
using boost::system::error_code;

constexpr Millis kLeast{100};  // for one address, however many there are

// This machine has no way there, which says nothing about the server.
bool no_route(const error_code& error) {
  return error == errors::network_unreachable || error == errors::host_unreachable ||
         error == errors::address_family_not_supported ||
         error == boost::system::errc::address_not_available;
}

}  // namespace

AddressConnect::AddressConnect(Socket& socket, std::vector<Address> addresses, Millis within,
                               Timers& timers)
    : socket_(socket),
      addresses_(std::move(addresses)),
      share_(std::max(within / static_cast<Millis::rep>(addresses_.size()), kLeast)),
      timers_(timers) {}

void AddressConnect::start(Done done) {
  done_ = std::move(done);
  try_next();
}

void AddressConnect::try_next() {
  error_code ignored;
  socket_.close(ignored);
  late_ = false;
  timer_ = timers_.after(share_, [this] {
    late_ = true;
    error_code closed;
    socket_.close(closed);
  });
  socket_.async_connect(addresses_[next_++],
                        [self = shared_from_this()](error_code error) { self->learn(error); });
}

void AddressConnect::learn(error_code error) {
  timer_.reset();
  if (late_) error = errors::timed_out;
  if (error && (!problem_ || no_route(problem_))) problem_ = error;
  if (error && !cancelled_ && next_ < addresses_.size()) return try_next();
  if (!error) {
    error_code not_tcp;
    socket_.set_option(boost::asio::ip::tcp::no_delay(true), not_tcp);
    problem_ = {};
  }
  std::exchange(done_, {})(problem_);
}

void AddressConnect::cancel() {
  cancelled_ = true;
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace responses_proxy
