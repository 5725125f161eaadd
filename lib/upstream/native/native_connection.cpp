#include "upstream/native/native_connection.h"

#include <utility>

namespace responses_proxy {

NativeConnection::NativeConnection(std::shared_ptr<Origin> origin, Socket socket,
                                   std::unique_ptr<Wire> wire, SteadyTime now)
    : origin_(std::move(origin)),
      socket_(SocketPoller::of(socket.get_executor().context()), socket.release(), *this),
      wire_(std::move(wire)),
      made_(now) {}

WireResult NativeConnection::read(std::span<char> to) {
  const WireResult result = wire_->read(to);
  if (result.drained) socket_.drained();
  return result;
}

void NativeConnection::on_readable() {
  const auto self = shared_from_this();
  if (user_ != nullptr) user_->on_readable(*this);
}

void NativeConnection::on_writable() {
  const auto self = shared_from_this();
  if (user_ != nullptr) user_->on_writable(*this);
}

void NativeConnection::close() {
  user_ = nullptr;
  wire_.reset();  // says goodbye on the socket
  socket_.close();
}

}  // namespace responses_proxy
