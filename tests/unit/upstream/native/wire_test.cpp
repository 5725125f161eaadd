// What a plain wire says of a read: whether there may be more, and whether the socket is empty.
#include "upstream/native/wire.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

using namespace responses_proxy;

namespace {

struct Pair {
  Pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0); }
  ~Pair() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  void say(std::string_view bytes) const {
    REQUIRE(::send(ends[1], bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  }

  std::array<int, 2> ends{};
};

}  // namespace

TEST_CASE("a read that fills its buffer may have left something, any other has not") {
  const Pair pair;
  PlainWire wire(pair.ends[0]);
  std::array<char, 4> buffer{};
  pair.say("sixish");

  const WireResult full = wire.read(buffer);
  CHECK(full.state == WireState::done);
  CHECK(full.bytes == 4);
  CHECK(full.more);
  CHECK_FALSE(full.drained);

  const WireResult rest = wire.read(buffer);
  CHECK(rest.state == WireState::done);
  CHECK(rest.bytes == 2);
  CHECK_FALSE(rest.more);
  CHECK(rest.drained);

  const WireResult nothing = wire.read(buffer);
  CHECK(nothing.state == WireState::wants_read);
  CHECK(nothing.drained);
}

TEST_CASE("the peer's end is the end of what is read") {
  const Pair pair;
  PlainWire wire(pair.ends[0]);
  std::array<char, 4> buffer{};
  pair.say("end");
  ::shutdown(pair.ends[1], SHUT_WR);
  CHECK(wire.read(buffer).bytes == 3);
  CHECK(wire.read(buffer).state == WireState::ended);
}
