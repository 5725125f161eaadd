#include "redis/address_connect.h"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <optional>

#include "responses_proxy/event_loop.h"

using namespace responses_proxy;
using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

// A socket that is connected to addresses of this machine, most of which refuse.
struct Rig {
  boost::asio::io_context context{1};
  EventLoop loop{context};
  tcp::acceptor listening{context, tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"), 0)};
  const std::uint16_t port = listening.local_endpoint().port();
  AddressConnect::Socket socket{context};

  tcp::endpoint at(const char* address) const {
    return {boost::asio::ip::make_address(address), port};
  }
  error_code connect(std::vector<AddressConnect::Address> addresses) {
    std::optional<error_code> result;
    std::make_shared<AddressConnect>(socket, std::move(addresses), Millis(60'000), loop.timers())
        ->start([&](error_code error) {
          CHECK_FALSE(result);
          result = error;
        });
    context.run();
    return result.value();
  }
};

}  // namespace

TEST_CASE_FIXTURE(Rig, "the first address that takes the connection is used") {
  CHECK(connect({at("127.0.0.2"), at("::1"), at("127.0.0.3"), at("127.0.0.1"), at("127.0.0.4")}) ==
        error_code());
  CHECK(socket.remote_endpoint() == AddressConnect::Address(at("127.0.0.1")));
  tcp::no_delay no_delay;
  socket.get_option(no_delay);
  CHECK(no_delay.value());
}

TEST_CASE_FIXTURE(Rig, "when none does, what a server said counts for more than a missing route") {
  // A multicast address cannot be connected to from here: the kernel has no route for it.
  const tcp::endpoint no_way = at("ff05::1");
  CHECK(connect({at("127.0.0.2"), no_way}) == boost::asio::error::connection_refused);
  context.restart();
  CHECK(connect({no_way, at("127.0.0.2")}) == boost::asio::error::connection_refused);
}

TEST_CASE("an address that swallows everything leaves time for the next one") {
  Rig rig;
  // A full queue: connecting to it is neither taken nor refused.
  tcp::acceptor full(rig.context);
  const tcp::endpoint swallows(boost::asio::ip::make_address("127.0.0.1"), 0);
  full.open(swallows.protocol());
  full.bind(swallows);
  full.listen(0);
  std::vector<tcp::socket> waiting;
  for (int i = 0; i < 2; ++i) {
    waiting.emplace_back(rig.context);
    waiting.back().async_connect(full.local_endpoint(), [](error_code) {});
  }
  AddressConnect::Socket socket(rig.context);
  std::optional<error_code> result;
  std::make_shared<AddressConnect>(
      socket,
      std::vector<AddressConnect::Address>{full.local_endpoint(), rig.listening.local_endpoint()},
      Millis(200), rig.loop.timers())
      ->start([&](error_code error) {
        result = error;
        waiting.clear();
      });
  rig.context.run();
  CHECK(result == error_code());
}

TEST_CASE("cancelling ends it without a try of the other addresses") {
  Rig rig;
  std::optional<error_code> result;
  const auto connecting = std::make_shared<AddressConnect>(
      rig.socket, std::vector<AddressConnect::Address>{rig.at("127.0.0.2"), rig.at("127.0.0.1")},
      Millis(60'000), rig.loop.timers());
  connecting->start([&](error_code error) { result = error; });
  connecting->cancel();
  rig.context.run();
  CHECK((result && *result));
  CHECK_FALSE(rig.socket.is_open());
}
