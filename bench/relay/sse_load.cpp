// Boost 1.74's awaitable.hpp forgets this one.
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <cmath>

#include "load_request.h"
#include "loads.h"
#include "sse_reader.h"

namespace relay_bench {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::use_awaitable;
using asio::ip::tcp;

class SseLoad {
 public:
  SseLoad(const LoadOptions& options, Measurement& measurement)
      : options_(options), measurement_(measurement) {}

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
      measurement_.add_error(fmt::format("only {} streams are open", open_));
    }
    measurement_.begin();
    timer.expires_after(options_.window);
    co_await timer.async_wait(use_awaitable);
    // A stream that ended inside the window makes the count of events meaningless.
    if (open_ != options_.connections) {
      measurement_.add_error(fmt::format("only {} streams stayed open", open_));
    }
    measurement_.end();
  }

  asio::awaitable<void> client(std::size_t index) {
    asio::steady_timer timer(context_, start_offset(index));
    co_await timer.async_wait(use_awaitable);
    try {
      co_await read_stream(index);
    } catch (const std::exception& error) {
      measurement_.add_error(error.what());
    }
  }

  asio::awaitable<void> read_stream(std::size_t index) {
    tcp::socket socket(context_);
    co_await socket.async_connect(options_.target, use_awaitable);
    socket.set_option(tcp::no_delay(true));
    const std::string request = to_wire({options_.run, index, "", true, options_.body_bytes});
    co_await asio::async_write(socket, asio::buffer(request), use_awaitable);

    SseReader reader(measurement_);
    boost::beast::flat_buffer buffer;
    http::response_parser<SseBody> parser;
    parser.body_limit(boost::none);
    parser.get().body() = &reader;
    co_await http::async_read_header(socket, buffer, parser, use_awaitable);
    ++open_;
    while (!parser.is_done()) {
      co_await http::async_read_some(socket, buffer, parser, use_awaitable);
    }
    --open_;
    if (parser.get().result_int() != 200 || !reader.complete()) {
      measurement_.add_error(fmt::format("status {}, incomplete", parser.get().result_int()));
    }
  }

  // Multiples of the golden ratio: evenly spread, and never in step with the mock's interval, which
  // would make many streams send at once.
  std::chrono::nanoseconds start_offset(std::size_t index) const {
    double whole = 0;
    const double share = std::modf(static_cast<double>(index) * 0.6180339887498949, &whole);
    return std::chrono::duration_cast<std::chrono::nanoseconds>(options_.warmup * share);
  }

  const LoadOptions& options_;
  Measurement& measurement_;
  asio::io_context context_{1};
  std::size_t open_ = 0;
};

}  // namespace

void run_sse_load(const LoadOptions& options, Measurement& measurement) {
  SseLoad(options, measurement).run();
}

}  // namespace relay_bench
