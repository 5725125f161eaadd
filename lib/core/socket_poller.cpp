#include "core/socket_poller.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace responses_proxy {

namespace {

constexpr std::uint32_t kEnd = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

int new_set() {
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return set;
}

}  // namespace

boost::asio::execution_context::id SocketPoller::id;

SocketPoller::SocketPoller(boost::asio::execution_context& context)
    : service(context),
      context_(static_cast<boost::asio::io_context&>(context)),
      set_(context_, new_set()) {}

SocketPoller& SocketPoller::of(boost::asio::execution_context& context) {
  return boost::asio::use_service<SocketPoller>(context);
}

void SocketPoller::shutdown() {
  shut_down_ = true;
}

// What it is ready for already is told as if it were new.
bool SocketPoller::look_at(PolledSocket& socket, int operation) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
  if (socket.wants_write_) event.events |= EPOLLOUT;
  event.data.ptr = &socket;
  return ::epoll_ctl(set_.native_handle(), operation, socket.descriptor_, &event) == 0;
}

void SocketPoller::remove(PolledSocket& socket) {
  // The kernel would keep it for as long as another process has the same socket.
  ::epoll_ctl(set_.native_handle(), EPOLL_CTL_DEL, socket.descriptor_, nullptr);
  for (epoll_event& event : untold_) {
    if (event.data.ptr == &socket) event.data.ptr = nullptr;
  }
  if (told_ == &socket) told_ = nullptr;
  if (std::exchange(socket.wants_read_, false)) wanted_no_more();
  if (std::exchange(socket.wants_write_, false)) wanted_no_more();
}

void SocketPoller::wanted() {
  ++wanted_;
  if (!waiting_ && !telling_) wait();
}

// A loop that has nothing else to wait for may end.
void SocketPoller::wanted_no_more() {
  --wanted_;
  if (wanted_ > 0 || !waiting_ || shut_down_) return;
  boost::system::error_code ignored;
  set_.cancel(ignored);
}

void SocketPoller::wait() {
  waiting_ = true;
  set_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                  [this](const boost::system::error_code& error) {
                    waiting_ = false;
                    if (!error) tell();
                    if (wanted_ > 0) wait();
                  });
}

void SocketPoller::tell() {
  const int count = ::epoll_wait(set_.native_handle(), events_.data(), kEventsAtOnce, 0);
  untold_ = std::span(events_).first(static_cast<std::size_t>(std::max(count, 0)));
  telling_ = true;
  while (!untold_.empty()) {
    const epoll_event event = untold_.front();
    untold_ = untold_.subspan(1);
    told_ = static_cast<PolledSocket*>(event.data.ptr);
    if (told_ == nullptr) continue;
    if ((event.events & (EPOLLIN | kEnd)) != 0) {
      told_->may_be_readable_ = true;
      if ((event.events & kEnd) != 0) told_->ended_ = true;
      if (std::exchange(told_->wants_read_, false)) {
        --wanted_;
        told_->waiter_.on_readable();
      }
    }
    if (told_ == nullptr || (event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) == 0) continue;
    if (std::exchange(told_->wants_write_, false)) {
      --wanted_;
      told_->waiter_.on_writable();
    }
  }
  told_ = nullptr;
  telling_ = false;
}

PolledSocket::PolledSocket(SocketPoller& poller, int descriptor, Waiter& waiter)
    : poller_(poller), descriptor_(descriptor), waiter_(waiter) {
  if (poller_.look_at(*this, EPOLL_CTL_ADD)) return;
  const int reason = errno;
  ::close(descriptor_);
  throw std::system_error(reason, std::generic_category(), "epoll_ctl");
}

void PolledSocket::want_read() {
  if (descriptor_ < 0 || std::exchange(wants_read_, true)) return;
  poller_.wanted();
  if (may_be_readable_) poller_.look_at(*this, EPOLL_CTL_MOD);
}

void PolledSocket::want_write() {
  if (descriptor_ < 0 || std::exchange(wants_write_, true)) return;
  poller_.wanted();
  poller_.look_at(*this, EPOLL_CTL_MOD);
}

void PolledSocket::close() {
  if (descriptor_ < 0) return;
  poller_.remove(*this);
  ::close(std::exchange(descriptor_, -1));
}

}  // namespace responses_proxy
