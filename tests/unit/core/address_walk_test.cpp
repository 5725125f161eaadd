#include "core/address_walk.h"

#include <doctest/doctest.h>

#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <deque>
#include <optional>

#include "fakes/manual_timers.h"
#include "responses_proxy/event_loop.h"

using namespace responses_proxy;
using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

using Socket = boost::asio::generic::stream_protocol::socket;
using Walk = AddressWalk<Socket>;

// A socket that is connected to addresses of this machine, most of which refuse.
struct Rig {
  boost::asio::io_context context{1};
  EventLoop loop{context};
  tcp::acceptor listening{context, tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"), 0)};
  const std::uint16_t port = listening.local_endpoint().port();
  Socket socket{context};

  tcp::endpoint at(const char* address) const {
    return {boost::asio::ip::make_address(address), port};
  }
  error_code connect(Walk::Addresses addresses, Millis within = Millis(60'000)) {
    std::optional<error_code> result;
    std::make_shared<Walk>(socket, std::move(addresses), within, loop.timers())
        ->start([&](error_code error) {
          CHECK_FALSE(result);
          result = error;
        });
    context.restart();
    context.run();
    return result.value();
  }
};

// Connecting to it is neither taken nor refused: its queue is full.
struct DeafServer {
  explicit DeafServer(boost::asio::io_context& context) : acceptor(context, tcp::v4()) {
    acceptor.bind({boost::asio::ip::address_v4::loopback(), 0});
    acceptor.listen(0);
    const tcp::endpoint there = acceptor.local_endpoint();
    for (int i = 0; i < 4; ++i) {
      waiting.emplace_back(context, tcp::v4());
      waiting.back().native_non_blocking(true);
      (void)::connect(waiting.back().native_handle(), there.data(),
                      static_cast<socklen_t>(there.size()));
    }
  }
  tcp::endpoint at() const { return acceptor.local_endpoint(); }

  tcp::acceptor acceptor;
  std::deque<tcp::socket> waiting;
};

}  // namespace

TEST_CASE_FIXTURE(Rig, "the first address that takes the connection is used") {
  CHECK(connect({at("127.0.0.2"), at("::1"), at("127.0.0.3"), at("127.0.0.1"), at("127.0.0.4")}) ==
        error_code());
  CHECK(socket.remote_endpoint() == Socket::endpoint_type(at("127.0.0.1")));
  tcp::no_delay no_delay;
  socket.get_option(no_delay);
  CHECK(no_delay.value());
}

TEST_CASE_FIXTURE(Rig, "when none does, what a server said counts for more than a missing route") {
  // A multicast address cannot be connected to from here: the kernel has no route for it.
  const tcp::endpoint no_way = at("ff05::1");
  CHECK(connect({at("127.0.0.2"), no_way}) == boost::asio::error::connection_refused);
  CHECK(connect({no_way, at("127.0.0.2")}) == boost::asio::error::connection_refused);
  const error_code no_route = connect({no_way});
  CHECK(no_route);
  CHECK(no_route != boost::asio::error::host_not_found);
  CHECK(connect({}) == boost::asio::error::host_not_found);
}

TEST_CASE_FIXTURE(Rig, "an address that swallows everything leaves time for the next one") {
  const DeafServer deaf(context);
  const tcp::endpoint refusing = at("127.0.0.2");
  const tcp::endpoint good = at("127.0.0.1");
  struct Row {
    Walk::Addresses addresses;
    error_code outcome;
  };
  const std::array rows = {
      Row{{deaf.at(), good}, {}},
      Row{{refusing, deaf.at(), good}, {}},
      Row{{deaf.at(), refusing}, boost::asio::error::connection_refused},
      Row{{refusing, deaf.at()}, boost::asio::error::connection_refused},
      Row{{deaf.at()}, boost::asio::error::timed_out},
  };
  for (const Row& row : rows) CHECK(connect(row.addresses, Millis(200)) == row.outcome);
}

TEST_CASE_FIXTURE(Rig, "the next address is tried beside the one before, after a head start") {
  const DeafServer deaf(context);
  testing::ManualTimers timers;
  std::optional<error_code> result;
  std::make_shared<Walk>(socket, Walk::Addresses{deaf.at(), deaf.at(), at("127.0.0.1")},
                         Millis(60'000), timers)
      ->start([&](error_code error) { result = error; });
  timers.advance(Walk::kHeadStart - Millis(1));
  context.poll();
  CHECK_FALSE(result);
  timers.advance(Millis(1));
  context.poll();
  CHECK_FALSE(result);  // the second is as deaf
  timers.advance(Walk::kHeadStart);
  context.restart();
  while (!result) context.run_one();
  CHECK(*result == error_code());
  CHECK(socket.remote_endpoint() == Socket::endpoint_type(at("127.0.0.1")));
  context.restart();
  context.run();  // the other two are given up
  CHECK(timers.waiting() == 0);
}

TEST_CASE_FIXTURE(Rig, "cancelling ends it without a try of the other addresses") {
  std::optional<error_code> result;
  const auto connecting = std::make_shared<Walk>(
      socket, Walk::Addresses{at("127.0.0.2"), at("127.0.0.1")}, Millis(60'000), loop.timers());
  connecting->start([&](error_code error) { result = error; });
  connecting->cancel();
  context.run();
  CHECK(result == boost::asio::error::operation_aborted);
  CHECK_FALSE(socket.is_open());
}

TEST_CASE_FIXTURE(Rig, "a connection that came about just before it was cancelled is none") {
  std::optional<error_code> result;
  const auto connecting = std::make_shared<Walk>(socket, Walk::Addresses{at("127.0.0.1")},
                                                 Millis(60'000), loop.timers());
  connecting->start([&](error_code error) { result = error; });
  listening.accept();  // it stands; nobody has been told
  connecting->cancel();
  context.run();
  CHECK(result == boost::asio::error::operation_aborted);
}
