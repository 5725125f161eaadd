#include "upstream/native/native_connection.h"

#include <utility>

namespace responses_proxy {

NativeConnection::NativeConnection(std::shared_ptr<Origin> origin, Socket socket,
                                   std::unique_ptr<Wire> wire, SteadyTime now)
    : origin_(std::move(origin)), socket_(std::move(socket)), wire_(std::move(wire)), made_(now) {}

void NativeConnection::want_read() {
  if (std::exchange(waiting_to_read_, true)) return;
  socket_.async_wait(Socket::wait_read,
                     [self = shared_from_this()](const boost::system::error_code&) {
                       self->on_ready(self->waiting_to_read_, &User::on_readable);
                     });
}

void NativeConnection::want_write() {
  if (std::exchange(waiting_to_write_, true)) return;
  socket_.async_wait(Socket::wait_write,
                     [self = shared_from_this()](const boost::system::error_code&) {
                       self->on_ready(self->waiting_to_write_, &User::on_writable);
                     });
}

// What went wrong shows when the user reads or writes.
void NativeConnection::on_ready(bool& waiting, void (User::*tell)(NativeConnection&)) {
  waiting = false;
  if (user_ != nullptr) (user_->*tell)(*this);
}

void NativeConnection::close() {
  user_ = nullptr;
  wire_.reset();  // says goodbye on the socket
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace responses_proxy
