// Boost 1.74's awaitable.hpp forgets this one.
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "event_text.h"
#include "load_request.h"
#include "loads.h"

namespace relay_bench {
namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using asio::use_awaitable;
using asio::ip::tcp;
using Socket = websocket::stream<tcp::socket>;

class SocketLoad {
 public:
  SocketLoad(const LoadOptions& options, SocketUse use, Measurement& measurement)
      : options_(options), use_(use), measurement_(measurement) {}

  void run() {
    for (std::size_t i = 0; i < options_.connections; ++i) {
      asio::co_spawn(context_, client(i), asio::detached);
    }
    asio::co_spawn(context_, measure(), [](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
    });
    context_.run();
  }

 private:
  asio::awaitable<void> measure() {
    asio::steady_timer timer(context_, options_.warmup + std::chrono::milliseconds(500));
    co_await timer.async_wait(use_awaitable);
    if (open_ != options_.connections) {
      measurement_.add_error(fmt::format("only {} sockets are open", open_));
    }
    measurement_.begin();
    timer.expires_after(options_.window);
    co_await timer.async_wait(use_awaitable);
    if (open_ != options_.connections) {
      measurement_.add_error(fmt::format("only {} sockets stayed open", open_));
    }
    measurement_.end();
    over_ = true;
    if (use_ == SocketUse::idle) context_.stop();
  }

  asio::awaitable<void> client(std::size_t index) {
    asio::steady_timer timer(context_, options_.warmup * index / options_.connections);
    co_await timer.async_wait(use_awaitable);
    try {
      Socket socket(context_);
      co_await open(socket, index);
      ++open_;
      co_await use(socket, timer);
      --open_;
    } catch (const std::exception& error) {
      measurement_.add_error(error.what());
    }
  }

  asio::awaitable<void> open(Socket& socket, std::size_t index) {
    co_await socket.next_layer().async_connect(options_.target, use_awaitable);
    socket.next_layer().set_option(tcp::no_delay(true));
    socket.set_option(websocket::stream_base::decorator([&](websocket::request_type& request) {
      request.set("session-id", fmt::format("{}-{}", options_.run, index));
      request.set("Authorization", "Bearer client");
    }));
    co_await socket.async_handshake("localhost", "/v1/responses", use_awaitable);
    socket.text(true);
  }

  asio::awaitable<void> use(Socket& socket, asio::steady_timer& timer) {
    if (use_ == SocketUse::streams) {
      co_await turn(socket, false);
      co_return;
    }
    co_await turn(socket, true);
    if (use_ == SocketUse::idle) {
      measurement_.add_always();
      boost::beast::flat_buffer nothing;
      co_await socket.async_read(nothing, use_awaitable);
    }
    const auto interval = std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(static_cast<double>(options_.connections) / options_.rate));
    while (!over_) {
      timer.expires_at(timer.expiry() + interval);
      co_await timer.async_wait(use_awaitable);
      const std::int64_t began = steady_ns();
      co_await turn(socket, true);
      measurement_.add(steady_ns() - began);
    }
  }

  asio::awaitable<void> turn(Socket& socket, bool short_turn) {
    const std::string message = to_message(short_turn, options_.body_bytes);
    co_await socket.async_write(asio::buffer(message), use_awaitable);
    boost::beast::flat_buffer buffer;
    for (std::int64_t sequence = 0;; ++sequence) {
      co_await socket.async_read(buffer, use_awaitable);
      const std::string_view event(static_cast<const char*>(buffer.data().data()), buffer.size());
      const std::string_view type = type_in_frame(event);
      if (number_after(event, kSequenceKey) != sequence) {
        measurement_.add_error(fmt::format("event {} is {:.100}", sequence, event));
      }
      if (type == kCompleted) co_return;
      if (type == kDelta && !short_turn) {
        measurement_.add(steady_ns() - number_after(event, kSentKey));
      }
      buffer.consume(buffer.size());
    }
  }

  const LoadOptions& options_;
  const SocketUse use_;
  Measurement& measurement_;
  asio::io_context context_{1};
  std::size_t open_ = 0;
  bool over_ = false;
};

}  // namespace

void run_socket_load(const LoadOptions& options, SocketUse use, Measurement& measurement) {
  SocketLoad(options, use, measurement).run();
}

}  // namespace relay_bench
