// AddressWalk: connects a socket to the first address of a name that takes it.
//
// Role       A host that has several addresses must be tried on all of them before it has failed
//            (RFC 1123 2.3): "localhost" is often ::1 first, with the server on 127.0.0.1 only.
// Threads    On the thread that runs the socket's io_context.
// Ownership  The caller keeps the socket until the callback; start() keeps the rest.
// Errors     The callback gets the most telling one: "refused" rather than silence, and that rather
//            than "no route".
// Limits     Each address gets an equal share of the time that is left, so one that swallows
//            everything leaves enough for the others.
#pragma once

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "responses_proxy/timers.h"

namespace responses_proxy {

// Of two failures to connect to one host: whether `error` says more about it.
bool tells_more(const boost::system::error_code& error, const boost::system::error_code& than);

// Socket: of TCP, or a generic one for streams.
template <class Socket>
class AddressWalk : public std::enable_shared_from_this<AddressWalk<Socket>> {
 public:
  using ErrorCode = boost::system::error_code;
  using Addresses = std::vector<typename Socket::endpoint_type>;
  using Done = std::function<void(ErrorCode error)>;

  // `addresses`: in the order to try them.
  AddressWalk(Socket& socket, Addresses addresses, Millis within, Timers& timers)
      : socket_(socket),
        addresses_(std::move(addresses)),
        timers_(timers),
        deadline_(timers.now() + within) {}

  // Once. Calls `done` once; inside this call if there is no address.
  void start(Done done) {
    done_ = std::move(done);
    try_next();
  }
  // Ends it with an error; the socket is closed.
  void cancel() {
    cancelled_ = true;
    close();
  }

 private:
  void try_next() {
    if (tried_ == addresses_.size()) return std::exchange(done_, {})(problem_);
    close();  // a socket that has failed connects nowhere else
    late_ = false;
    const auto shares = static_cast<SteadyTime::rep>(addresses_.size() - tried_);
    timer_ = timers_.after((deadline_ - timers_.now()) / shares, [this] {
      late_ = true;
      close();
    });
    socket_.async_connect(addresses_[tried_++], [self = this->shared_from_this()](ErrorCode error) {
      self->learn(error);
    });
  }

  void learn(ErrorCode error) {
    timer_.reset();
    if (cancelled_) return std::exchange(done_, {})(boost::asio::error::operation_aborted);
    if (late_) error = boost::asio::error::timed_out;
    if (error) {
      if (tried_ == 1 || tells_more(error, problem_)) problem_ = error;
      return try_next();
    }
    ErrorCode not_tcp;
    socket_.set_option(boost::asio::ip::tcp::no_delay(true), not_tcp);
    std::exchange(done_, {})({});
  }

  void close() {
    ErrorCode ignored;
    socket_.close(ignored);
  }

  Socket& socket_;
  const Addresses addresses_;
  std::size_t tried_ = 0;
  Timers& timers_;
  const SteadyTime deadline_;
  std::unique_ptr<Timer> timer_;  // of the address under way
  Done done_;
  ErrorCode problem_ = boost::asio::error::host_not_found;  // to be told if no address works
  bool late_ = false;  // the address under way has used up its share
  bool cancelled_ = false;
};

}  // namespace responses_proxy
