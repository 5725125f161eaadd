// AddressWalk: connects a socket to the first address of a name that takes it.
//
// Role       A host that has several addresses must be tried on all of them before it has failed
//            (RFC 1123 2.3): "localhost" is often ::1 first, with the server on 127.0.0.1 only. One
//            that has not answered after a head start is not waited for: the next one is tried
//            beside it ("happy eyeballs", RFC 8305).
// Threads    On the thread that runs the socket's io_context.
// Ownership  The caller keeps the socket until the callback; start() keeps the rest.
// Errors     The callback gets the most telling one: "refused" rather than silence, and that rather
//            than "no route".
// Limits     A head start is kHeadStart, or an equal share of the time where that is shorter.
#pragma once

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <deque>
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
  static constexpr Millis kHeadStart{250};
  using ErrorCode = boost::system::error_code;
  using Addresses = std::vector<typename Socket::endpoint_type>;
  using Done = std::function<void(ErrorCode error)>;

  // `addresses`: in the order to try them.
  AddressWalk(Socket& socket, Addresses addresses, Millis within, Timers& timers)
      : socket_(socket), addresses_(std::move(addresses)), within_(within), timers_(timers) {}

  // Once. Calls `done` once; inside this call if there is no address.
  void start(Done done) {
    done_ = std::move(done);
    if (addresses_.empty()) return finish(problem_);
    deadline_ = timers_.after(within_, [this] { give_up(boost::asio::error::timed_out); });
    try_next();
  }
  // Ends it with an error; the socket stays closed.
  void cancel() {
    if (done_) give_up(boost::asio::error::operation_aborted);
  }

 private:
  void try_next() {
    Socket& attempt = attempts_.emplace_back(socket_.get_executor());
    const auto& address = addresses_[attempts_.size() - 1];
    ++under_way_;
    head_start_.reset();
    if (attempts_.size() < addresses_.size()) {
      const auto shares = static_cast<Millis::rep>(addresses_.size());
      head_start_ = timers_.after(std::min(kHeadStart, within_ / shares), [this] { try_next(); });
    }
    attempt.async_connect(address, [self = this->shared_from_this(), &attempt](ErrorCode error) {
      self->learn(attempt, error);
    });
  }

  void learn(Socket& attempt, ErrorCode error) {
    --under_way_;
    if (!done_) return;
    if (verdict_) {  // it was given up; whoever came through in the last moment is too late
      if (under_way_ == 0) finish(verdict_);
      return;
    }
    if (!error) return take(attempt);
    close(attempt);  // a socket that has failed connects nowhere else
    ++failed_;
    if (failed_ == 1 || tells_more(error, problem_)) problem_ = error;
    if (attempts_.size() < addresses_.size()) return try_next();
    if (under_way_ == 0) finish(problem_);
  }

  void take(Socket& attempt) {
    ErrorCode not_tcp;
    attempt.set_option(boost::asio::ip::tcp::no_delay(true), not_tcp);
    socket_ = std::move(attempt);
    finish({});
  }

  // The attempts under way come back with an error.
  void give_up(ErrorCode reason) {
    const bool known = reason == boost::asio::error::timed_out && failed_ > 0;
    verdict_ = known && !tells_more(reason, problem_) ? problem_ : reason;
    stop();
  }

  void finish(ErrorCode error) {
    stop();
    std::exchange(done_, {})(error);
  }

  void stop() {
    head_start_.reset();
    deadline_.reset();
    for (Socket& attempt : attempts_) close(attempt);
  }

  static void close(Socket& attempt) {
    ErrorCode ignored;
    attempt.close(ignored);
  }

  Socket& socket_;
  const Addresses addresses_;
  const Millis within_;
  Timers& timers_;
  std::deque<Socket> attempts_;  // one for each address tried so far
  std::size_t under_way_ = 0;
  std::size_t failed_ = 0;
  std::unique_ptr<Timer> head_start_;  // of the address tried last
  std::unique_ptr<Timer> deadline_;
  Done done_;
  ErrorCode problem_ = boost::asio::error::host_not_found;  // to be told if no address works
  ErrorCode verdict_;                                       // why it was given up
};

}  // namespace responses_proxy
