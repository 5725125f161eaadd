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
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include "load_request.h"
#include "loads.h"

namespace relay_bench {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::use_awaitable;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kRequestsOfSession = 20;

std::string response_id(const std::string& body) {
  static constexpr std::string_view kStart = R"({"id":")";
  if (!body.starts_with(kStart)) return {};
  return body.substr(kStart.size(), body.find('"', kStart.size()) - kStart.size());
}

class JsonLoad {
 public:
  JsonLoad(const LoadOptions& options, Measurement& measurement)
      : options_(options), measurement_(measurement) {}

  void run() {
    start_ = Clock::now();
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
    asio::steady_timer timer(context_, start_ + options_.warmup);
    co_await timer.async_wait(use_awaitable);
    measurement_.begin();
    timer.expires_after(options_.window);
    co_await timer.async_wait(use_awaitable);
    measurement_.end();
    context_.stop();
  }

  asio::awaitable<void> client(std::size_t index) {
    asio::steady_timer timer(context_);
    for (;;) {
      try {
        co_await exchange_requests(index, timer);
      } catch (const std::exception& error) {
        measurement_.add_error(error.what());
      }
      timer.expires_after(std::chrono::milliseconds(100));
      co_await timer.async_wait(use_awaitable);
    }
  }

  asio::awaitable<void> exchange_requests(std::size_t index, asio::steady_timer& timer) {
    tcp::socket socket(context_);
    co_await socket.async_connect(options_.target, use_awaitable);
    socket.set_option(tcp::no_delay(true));
    boost::beast::flat_buffer buffer;
    std::string previous;
    for (std::uint64_t round = 0;; ++round) {
      const Clock::time_point planned = planned_time(index, round);
      if (planned > Clock::now()) {
        timer.expires_at(planned);
        co_await timer.async_wait(use_awaitable);
      }
      if (round % 2 == 0 || !continues()) previous.clear();
      const std::uint64_t session = session_of(index, round);
      const std::string request = to_wire({options_.run, session, previous, false,
                                           options_.body_bytes, options_.model, options_.store});
      co_await asio::async_write(socket, asio::buffer(request), use_awaitable);
      http::response<http::string_body> response;
      co_await http::async_read(socket, buffer, response, use_awaitable);
      measurement_.add((Clock::now() - planned) / std::chrono::nanoseconds(1));
      previous = response_id(response.body());
      if (response.result_int() != 200 || previous.empty()) measurement_.add_error(response.body());
    }
  }

  // Every second request continues the response before it.
  bool continues() const {
    return options_.sessions == Sessions::own || options_.sessions == Sessions::twenty;
  }

  std::uint64_t session_of(std::size_t index, std::uint64_t round) {
    if (options_.sessions == Sessions::known) return index;
    if (options_.sessions == Sessions::twenty) {
      return round / kRequestsOfSession * options_.connections + index;
    }
    return number_++;
  }

  Clock::time_point planned_time(std::size_t index, std::uint64_t round) const {
    if (options_.rate == 0) return Clock::now();
    const auto slot = static_cast<double>(round * options_.connections + index);
    return start_ + std::chrono::duration_cast<Clock::duration>(
                        std::chrono::duration<double>(slot / options_.rate));
  }

  const LoadOptions& options_;
  Measurement& measurement_;
  asio::io_context context_{1};
  Clock::time_point start_;
  std::uint64_t number_ = 0;
};

}  // namespace

void run_json_load(const LoadOptions& options, Measurement& measurement) {
  JsonLoad(options, measurement).run();
}

}  // namespace relay_bench
