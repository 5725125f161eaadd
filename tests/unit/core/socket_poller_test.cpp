// Which sockets are told that they are ready, and how often.
#include "core/socket_poller.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace responses_proxy;

namespace {

// One end of a socket pair that is watched; the test has the other.
class Watched final : public PolledSocket::Waiter {
 public:
  explicit Watched(boost::asio::io_context& context)
      : Watched(context, [] {
          std::array<int, 2> ends{};
          REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
          return ends;
        }()) {}
  ~Watched() { hang_up(); }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

  void on_readable() override {
    ++readable;
    when_readable();
  }
  void on_writable() override { ++writable; }

  void say(std::string_view bytes) const {
    REQUIRE(::send(other_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size()));
  }
  void hang_up() {
    if (other_ >= 0) ::close(std::exchange(other_, -1));
  }
  std::string hear() const {
    std::string bytes(1 << 20, '\0');
    const ssize_t got = ::recv(other_, bytes.data(), bytes.size(), 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }
  // As much as the socket takes.
  void fill() const {
    const std::string bytes(64 * 1024, 'x');
    while (::send(socket->descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0) {
    }
  }
  std::string read(std::size_t most = 100) const {
    std::string bytes(most, '\0');
    const ssize_t got = ::recv(socket->descriptor(), bytes.data(), most, 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }

  std::unique_ptr<PolledSocket> socket;
  int readable = 0;
  int writable = 0;
  std::function<void()> when_readable = [] {};

 private:
  Watched(boost::asio::io_context& context, std::array<int, 2> ends)
      : socket(std::make_unique<PolledSocket>(SocketPoller::of(context), ends[0], *this)),
        other_(ends[1]) {}
  int other_;
};

struct Loop {
  boost::asio::io_context context{1};
  // All that can be done without waiting.
  void turn() {
    context.restart();
    context.poll();
  }
};

}  // namespace

TEST_CASE("who wants to read is told once, when there is something") {
  Loop loop;
  Watched peer(loop.context);
  Watched other(loop.context);  // waits all the time, so that the loop looks
  other.socket->want_read();
  peer.socket->want_read();
  loop.turn();
  CHECK(peer.readable == 0);
  peer.say("one");
  loop.turn();
  CHECK(peer.readable == 1);
  CHECK(peer.read() == "one");
  peer.socket->drained();
  peer.say("two");
  loop.turn();
  CHECK(peer.readable == 1);  // nobody had asked
  peer.socket->want_read();
  loop.turn();
  CHECK(peer.readable == 2);  // of what had come before the wish
  CHECK(peer.read() == "two");
  CHECK(other.readable == 0);
}

TEST_CASE("what was there before the socket was watched is told") {
  Loop loop;
  Watched peer(loop.context);
  peer.say("early");
  peer.socket->want_read();
  loop.turn();
  CHECK(peer.readable == 1);
}

TEST_CASE("what is not read at once is told again, what was drained is not") {
  Loop loop;
  Watched peer(loop.context);
  peer.say("twice");
  peer.socket->want_read();
  loop.turn();
  CHECK(peer.read(2) == "tw");
  peer.socket->want_read();
  loop.turn();
  CHECK(peer.readable == 2);
  CHECK(peer.read() == "ice");
  peer.socket->drained();
  peer.socket->want_read();
  loop.turn();
  CHECK(peer.readable == 2);
  peer.say("more");
  loop.turn();
  CHECK(peer.readable == 3);
}

TEST_CASE(
    "the end behind the last bytes is told, although they were fewer than there was room for") {
  Loop loop;
  Watched peer(loop.context);
  peer.socket->want_read();
  peer.say("last");
  peer.hang_up();
  loop.turn();
  CHECK(peer.readable == 1);
  CHECK(peer.read() == "last");
  peer.socket->drained();
  peer.socket->want_read();
  loop.turn();
  CHECK(peer.readable == 2);
  CHECK(peer.read().empty());
}

TEST_CASE("the end that comes later is told") {
  Loop loop;
  Watched peer(loop.context);
  peer.socket->want_read();
  peer.hang_up();
  loop.turn();
  CHECK(peer.readable == 1);
}

TEST_CASE("who wants to write is told when there is room, and nobody else is") {
  Loop loop;
  Watched peer(loop.context);
  peer.socket->want_write();
  loop.turn();
  CHECK(peer.writable == 1);  // there is some already
  peer.fill();
  peer.socket->want_write();
  peer.socket->want_read();
  loop.turn();
  CHECK(peer.writable == 1);
  while (!peer.hear().empty()) {
  }
  loop.turn();
  CHECK(peer.writable == 2);
  CHECK(peer.readable == 0);
}

TEST_CASE("a peer that is lost is told to who writes") {
  Loop loop;
  Watched peer(loop.context);
  peer.fill();
  peer.socket->want_write();
  peer.hang_up();
  loop.turn();
  CHECK(peer.writable == 1);
}

TEST_CASE("nobody is told anything of a socket that was closed") {
  Loop loop;
  Watched peer(loop.context);
  peer.socket->want_read();
  peer.say("late");
  SUBCASE("before the loop's turn") {
    peer.socket->close();
  }
  SUBCASE("for good") {
    peer.socket.reset();
  }
  loop.turn();
  CHECK(peer.readable == 0);
}

TEST_CASE("a socket that another one does away with, in the same turn, is not told") {
  Loop loop;
  Watched first(loop.context);
  Watched second(loop.context);
  first.socket->want_read();
  second.socket->want_read();
  first.when_readable = [&] { second.socket.reset(); };
  second.when_readable = [&] { first.socket.reset(); };
  first.say("x");
  second.say("x");
  loop.turn();
  CHECK(first.readable + second.readable == 1);
}

TEST_CASE("a socket may be done away with while it is told something") {
  Loop loop;
  Watched peer(loop.context);
  peer.socket->want_read();
  peer.socket->want_write();
  peer.when_readable = [&] { peer.socket.reset(); };
  peer.say("x");
  loop.turn();
  CHECK(peer.readable == 1);
  CHECK(peer.writable == 0);
}

TEST_CASE("more sockets than are told at once are all told") {
  Loop loop;
  std::vector<std::unique_ptr<Watched>> peers;
  for (std::size_t i = 0; i < SocketPoller::kEventsAtOnce + 20; ++i) {
    peers.push_back(std::make_unique<Watched>(loop.context));
    peers.back()->socket->want_read();
    peers.back()->say("x");
  }
  loop.turn();
  for (const auto& peer : peers) CHECK(peer->readable == 1);
}

TEST_CASE("a loop on which nobody waits any more ends") {
  Loop loop;
  Watched one(loop.context);
  Watched other(loop.context);
  one.socket->want_read();
  other.socket->want_read();
  one.socket->close();
  other.say("x");
  loop.context.run();  // ends
  CHECK(other.readable == 1);
  other.socket->want_read();
  other.socket->close();
  loop.context.restart();
  loop.context.run();
  CHECK(other.readable == 1);
}

TEST_CASE("a wish after the last one was given up is heard") {
  Loop loop;
  Watched one(loop.context);
  Watched other(loop.context);
  one.socket->want_read();
  one.socket->close();
  other.socket->want_read();  // before the loop has taken notice
  other.say("x");
  loop.turn();
  CHECK(other.readable == 1);
}

TEST_CASE("a descriptor that cannot be watched is refused, and closed") {
  Loop loop;
  class Nobody final : public PolledSocket::Waiter {
   public:
    void on_readable() override {}
    void on_writable() override {}
  } nobody;
  CHECK_THROWS_AS(PolledSocket(SocketPoller::of(loop.context), -1, nobody), std::system_error);
}
