// SocketPoller: which sockets of an event loop can be read or written.
//
// Role       Asio asks the kernel anew for each wait, and is woken for that as well. Here a socket
// is
//            registered once, edge-triggered (epoll(7)), in a set of its own that the loop waits
//            for as for one descriptor; a wait is then a flag.
// Threads    The one that runs the io_context, or any while it does not run.
// Ownership  A service of its io_context, made with the first socket; sockets are closed before
// that
//            is gone.
// Errors     std::system_error where no descriptor is left, for the set or for the kernel's memory.
// Limits     kEventsAtOnce sockets are served, then the loop's other work has its turn.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <span>

namespace responses_proxy {

class PolledSocket;

class SocketPoller final : public boost::asio::execution_context::service {
 public:
  static constexpr std::size_t kEventsAtOnce = 128;
  using key_type = SocketPoller;
  static boost::asio::execution_context::id id;

  // Asio's; everybody else calls of().
  explicit SocketPoller(boost::asio::execution_context& context);
  // `context`: an io_context, as an executor has it.
  static SocketPoller& of(boost::asio::execution_context& context);

  boost::asio::io_context& context() { return context_; }

 private:
  friend class PolledSocket;

  void shutdown() override;
  bool look_at(PolledSocket& socket, int operation);
  void remove(PolledSocket& socket);
  void wanted();
  void wanted_no_more();
  void wait();
  void tell();

  boost::asio::io_context& context_;
  boost::asio::posix::stream_descriptor set_;
  std::array<epoll_event, kEventsAtOnce> events_{};
  std::span<epoll_event> untold_;  // of them
  PolledSocket* told_ = nullptr;   // what is being told something; null: or has closed meanwhile
  std::size_t wanted_ = 0;         // things that sockets wait for
  bool waiting_ = false;
  bool telling_ = false;
  bool shut_down_ = false;
};

// One socket, and who is told when it is ready.
class PolledSocket {
 public:
  // May close the socket from inside, or destroy it.
  class Waiter {
   public:
    virtual void on_readable() = 0;
    virtual void on_writable() = 0;

   protected:
    ~Waiter() = default;
  };

  // `descriptor`: one that does not block; closed with this, or if this throws.
  PolledSocket(SocketPoller& poller, int descriptor, Waiter& waiter);
  ~PolledSocket() { close(); }
  PolledSocket(const PolledSocket&) = delete;
  PolledSocket& operator=(const PolledSocket&) = delete;

  int descriptor() const { return descriptor_; }
  boost::asio::io_context& context() { return poller_.context(); }

  // Once, and never from inside this call; what went wrong shows in the read or write. A second
  // wish of a kind changes nothing.
  void want_read();
  void want_write();
  // All that had come was read: a read would have blocked, or gave less than there was room for.
  // Who does not say so is told again of what is there already, at the price of a system call.
  void drained() {
    if (!ended_) may_be_readable_ = false;
  }
  // Nobody is told anything more. Idempotent.
  void close();

 private:
  friend class SocketPoller;

  SocketPoller& poller_;
  int descriptor_;
  Waiter& waiter_;
  bool wants_read_ = false;
  bool wants_write_ = false;
  bool may_be_readable_ = false;
  // The peer says nothing more, or the connection is lost: what comes behind the last bytes is not
  // announced again.
  bool ended_ = false;
};

}  // namespace responses_proxy
