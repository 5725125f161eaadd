#include "server/listen_addresses.h"

#include <doctest/doctest.h>

using namespace responses_proxy;
using boost::asio::ip::make_address;
using boost::asio::ip::tcp;

namespace {

bool takes_connections(const tcp::endpoint& endpoint) {
  boost::asio::io_context context;
  tcp::socket socket(context);
  boost::system::error_code error;
  socket.connect(endpoint, error);
  return !error;
}

}  // namespace

TEST_CASE("an address is itself, a name all of its addresses, each once") {
  CHECK(listen_endpoints("::1", 80) == ListenEndpoints{{make_address("::1"), 80}});
  CHECK(listen_endpoints("0.0.0.0", 0) == ListenEndpoints{{make_address("0.0.0.0"), 0}});
  const ListenEndpoints local = listen_endpoints("localhost", 80);
  CHECK(all_loopback(local));
  CHECK(std::count(local.begin(), local.end(), tcp::endpoint(make_address("127.0.0.1"), 80)) == 1);
  CHECK_FALSE(all_loopback({{make_address("127.0.0.1"), 80}, {make_address("0.0.0.0"), 80}}));
}

TEST_CASE("every context listens on every endpoint, on one port") {
  boost::asio::io_context one;
  boost::asio::io_context two;
  const auto all =
      listen_on({&one, &two}, {{make_address("127.0.0.1"), 0}, {make_address("127.0.0.2"), 0}});
  REQUIRE(all.size() == 2);
  const auto port = all[0].at(0).local_endpoint().port();
  for (const Acceptors& acceptors : all) {
    REQUIRE(acceptors.size() == 2);
    CHECK(acceptors[0].local_endpoint() == tcp::endpoint(make_address("127.0.0.1"), port));
    CHECK(acceptors[1].local_endpoint() == tcp::endpoint(make_address("127.0.0.2"), port));
  }
  CHECK(takes_connections({make_address("127.0.0.1"), port}));
  CHECK(takes_connections({make_address("127.0.0.2"), port}));
}

TEST_CASE("an address that this machine does not have is left out, unless it is the only one") {
  boost::asio::io_context context;
  const tcp::endpoint nobodys{make_address("192.0.2.1"), 0};  // RFC 5737
  const auto all = listen_on({&context}, {nobodys, {make_address("127.0.0.1"), 0}});
  REQUIRE(all.at(0).size() == 1);
  CHECK(all[0][0].local_endpoint().address() == make_address("127.0.0.1"));
  try {
    listen_on({&context}, {nobodys});
    FAIL("listens on an address of nobody");
  } catch (const ListenError& error) {
    CHECK(error.about() == ListenError::About::host);
    CHECK(std::string(error.what()) ==
          "cannot listen on 192.0.2.1:0: Cannot assign requested address; this machine has no such "
          "address (0.0.0.0 stands for every one it has)");
  }
}

TEST_CASE("a port in use is an error about the port, although SO_REUSEPORT would share it") {
  boost::asio::io_context context;
  const auto first = listen_on({&context}, {{make_address("127.0.0.1"), 0}});
  const tcp::endpoint taken = first[0][0].local_endpoint();
  const auto says_so = [&](auto&& action) {
    try {
      action();
      FAIL("the port was shared");
    } catch (const ListenError& error) {
      CHECK(error.about() == ListenError::About::port);
      const std::string text = error.what();
      CHECK(text.find(": Address already in use; another program listens there") !=
            std::string::npos);
    }
  };
  says_so([&] { listen_on({&context}, {taken}); });
  says_so([&] { check_free({taken}); });
  says_so([&] { check_free({{make_address("127.0.0.2"), taken.port()}, taken}); });
  CHECK_NOTHROW(check_free({{make_address("127.0.0.2"), taken.port()}}));
}

TEST_CASE("a name that is none is an error about the host") {
  try {
    listen_endpoints("no.such.host.invalid", 80);
    FAIL("found it");
  } catch (const ListenError& error) {
    CHECK(error.about() == ListenError::About::host);
    CHECK(std::string(error.what()).starts_with("cannot listen on no.such.host.invalid: "));
  }
}
