#include "upstream/address_walk.h"

#include <utility>

namespace responses_proxy {

namespace asio = boost::asio;

AddressWalk::AddressWalk(asio::ip::tcp::socket& socket, Endpoints addresses, Millis time,
                         Timers& timers, Done done)
    : socket_(socket),
      addresses_(std::move(addresses)),
      timers_(timers),
      deadline_(timers.now() + time),
      done_(std::move(done)) {}

void AddressWalk::stop() {
  done_ = nullptr;
  timer_.reset();
}

void AddressWalk::next(const ErrorCode& error_so_far) {
  if (!done_) return;
  if (tried_ == addresses_.size()) return end(error_so_far);
  ErrorCode ignored;
  socket_.close(ignored);  // a socket that has failed connects nowhere else
  const auto left = deadline_ - timers_.now();
  const auto shares = static_cast<long>(addresses_.size() - tried_);
  timer_ = timers_.after(left / shares, [this] {
    ErrorCode ignored_too;
    socket_.close(ignored_too);
  });
  socket_.async_connect(addresses_[tried_++], [self = shared_from_this()](const ErrorCode& error) {
    if (!error) return self->end(error);
    // Closed by the timer, if by anybody.
    self->next(error == asio::error::operation_aborted ? ErrorCode(asio::error::timed_out) : error);
  });
}

void AddressWalk::end(const ErrorCode& error) {
  timer_.reset();
  if (done_) std::exchange(done_, nullptr)(error);
}

}  // namespace responses_proxy
