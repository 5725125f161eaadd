#include "fakes/delaying_relay.h"

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <thread>
#include <utility>

namespace responses_proxy::testing {

namespace {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;
using Socket = stream_protocol::socket;

// One direction of one connection. Only one chunk is on its way: the chunks of several round trips
// must not be delayed one after the other, so each read takes all there is.
class Pump : public std::enable_shared_from_this<Pump> {
 public:
  Pump(std::shared_ptr<Socket> from, std::shared_ptr<Socket> to, const std::atomic<Millis>& delay)
      : from_(std::move(from)), to_(std::move(to)), timer_(from_->get_executor()), delay_(delay) {}

  void run() {
    from_->async_read_some(
        asio::buffer(buffer_), [self = shared_from_this()](error_code error, std::size_t bytes) {
          if (error) return self->close();
          self->timer_.expires_after(self->delay_.load());
          self->timer_.async_wait([self, bytes](error_code) { self->pass_on(bytes); });
        });
  }

 private:
  void pass_on(std::size_t bytes) {
    asio::async_write(*to_, asio::buffer(buffer_, bytes),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        error ? self->close() : self->run();
                      });
  }
  void close() {
    error_code ignored;
    from_->close(ignored);
    to_->close(ignored);
  }

  std::shared_ptr<Socket> from_;
  std::shared_ptr<Socket> to_;
  asio::steady_timer timer_;
  const std::atomic<Millis>& delay_;
  std::array<char, 65'536> buffer_;
};

}  // namespace

struct DelayingRelay::Impl {
  Impl(const std::string& socket, std::string target_socket, Millis its_delay)
      : target(std::move(target_socket)), delay(its_delay), acceptor(context, socket) {
    accept();
    thread = std::thread([this] { context.run(); });
  }
  ~Impl() {
    context.stop();
    thread.join();
  }

  void accept() {
    acceptor.async_accept([this](error_code error, Socket client) {
      if (error) return;
      const auto near = std::make_shared<Socket>(std::move(client));
      const auto far = std::make_shared<Socket>(context);
      error_code refused;
      far->connect(stream_protocol::endpoint(target), refused);
      if (!refused) {
        std::make_shared<Pump>(near, far, at_once)->run();
        std::make_shared<Pump>(far, near, delay)->run();
      }
      accept();
    });
  }

  asio::io_context context;
  const std::string target;
  const std::atomic<Millis> at_once{Millis(0)};
  std::atomic<Millis> delay;
  stream_protocol::acceptor acceptor;
  std::thread thread;
};

DelayingRelay::DelayingRelay(std::string target_socket, Millis delay)
    : socket_((folder_.path() / "relay.sock").string()),
      impl_(std::make_unique<Impl>(socket_, std::move(target_socket), delay)) {}

DelayingRelay::~DelayingRelay() = default;

void DelayingRelay::set_delay(Millis delay) {
  impl_->delay = delay;
}

}  // namespace responses_proxy::testing
