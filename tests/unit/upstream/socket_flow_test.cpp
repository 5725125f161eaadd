// Upstream sockets: messages, ends, pausing, and being let go.
#include <doctest/doctest.h>

#include <numeric>

#include "fakes/scripted_socket_upstream.h"
#include "unit/upstream/loop_sockets.h"

namespace responses_proxy {

namespace {

using testing::LoopSockets;
using testing::ScriptedSocketUpstream;
using testing::SocketCall;
using testing::SocketScript;
using testing::SocketStep;
using testing::SocketSteps;

constexpr std::size_t kMegabyte = 1024 * 1024;

SocketScript saying(SocketSteps steps) {
  SocketScript script;
  script.on_open = std::move(steps);
  return script;
}

// A server's frame, as bytes.
std::string frame(unsigned char first, std::string_view payload) {
  return std::string{static_cast<char>(first), static_cast<char>(payload.size())} +
         std::string(payload);
}

struct Session {
  explicit Session(SocketSteps steps, const UpstreamSocketOptions& options = {}) : loop(options) {
    upstream.on_connection({saying(std::move(steps))});
  }
  ScriptedSocketUpstream upstream;
  LoopSockets loop;
  SocketCall call{loop, upstream.base_url()};
};

struct DeafUpstream : ScriptedSocketUpstream {
  DeafUpstream() {
    SocketScript deaf;
    deaf.deaf = true;
    set_default(deaf);
  }
};

// The end, and what came before it.
SocketCall::Close end_of(SocketSteps steps, std::size_t messages_before = 0) {
  Session session(std::move(steps));
  REQUIRE(session.call.open());
  REQUIRE(session.call.wait_for_close());
  CHECK(session.call.messages().size() == messages_before);
  CHECK_FALSE(session.call.called_inside_call());
  return *session.call.closed();
}

}  // namespace

TEST_CASE("messages go both ways, whole and in order") {
  Session session({SocketStep::message("one"), SocketStep::fragments("two in parts", 5),
                   SocketStep::message(""), SocketStep::message("\xc3\xa4\xe2\x82\xac")});
  REQUIRE(session.call.open());
  REQUIRE(session.call.wait_for_messages(4));
  CHECK(session.call.messages() ==
        std::vector<std::string>{"one", "two in parts", "", "\xc3\xa4\xe2\x82\xac"});
  const std::string large(3 * kMegabyte, 'x');
  session.call.send("small");
  session.call.send(large);
  session.call.send("last");
  REQUIRE(session.upstream.wait_for_messages(3));
  const auto received = session.upstream.messages();
  CHECK(received[0].text == "small");
  CHECK(received[1].text == large);
  CHECK(received[2].text == "last");
  CHECK_FALSE(received[1].binary);
}

TEST_CASE("large messages arrive whole, those over the limit end the socket") {
  const std::string half(UpstreamSocket::kMaxMessageBytes, 'x');
  {
    Session session({SocketStep::message(half)});
    REQUIRE(session.call.open());
    REQUIRE(session.call.wait_for_messages(1));
    CHECK(session.call.messages()[0] == half);
  }
  CHECK(end_of({SocketStep::message("first"), SocketStep::message(half + "x")}, 1).code == 1009);
  CHECK(end_of({SocketStep::fragments(half + "x", 3)}).code == 1009);
}

TEST_CASE("the peer's close is told as it was said, after what came before it") {
  const auto end = end_of(
      {SocketStep::message("a"), SocketStep::message("b"), SocketStep::close(1012, "restart")}, 2);
  CHECK(end.code == 1012);
  CHECK(end.reason == "restart");
  CHECK(end_of({SocketStep::close(4001, "own")}).code == 4001);
  CHECK(end_of({SocketStep::raw(frame(0x88, ""))}).code == 1005);
}

TEST_CASE("a connection that just ends is 1006") {
  CHECK(end_of({SocketStep::message("a"), SocketStep::reset()}, 1).code == 1006);
  CHECK(end_of({SocketStep::raw(std::string("\x81\x05he", 4)), SocketStep::reset()}).code == 1006);
}

TEST_CASE("what a server must not send ends the socket with the code that says why") {
  const auto both_say = [](SocketStep step, std::uint16_t code) {
    Session session({std::move(step)});
    REQUIRE(session.call.open());
    REQUIRE(session.call.wait_for_close());
    CHECK(session.call.closed()->code == code);
    REQUIRE(session.upstream.wait_for_ends(1));
    CHECK(session.upstream.ends()[0].code == code);
  };
  both_say(SocketStep::binary("bytes"), 1003);
  both_say(SocketStep::raw(frame(0x81, "\xff\xfe")), 1007);
  both_say(SocketStep::raw(frame(0xf1, "reserved bits")), 1002);
  both_say(SocketStep::raw(frame(0x80, "continues nothing")), 1002);
  both_say(SocketStep::raw(frame(0x83, "unknown opcode")), 1002);
}

TEST_CASE("pings are answered, pings and pongs are no messages") {
  Session session({SocketStep::ping("are you there"), SocketStep::raw(frame(0x8a, "unasked")),
                   SocketStep::message("after")});
  REQUIRE(session.call.open());
  REQUIRE(session.call.wait_for_messages(1));
  CHECK(session.call.messages() == std::vector<std::string>{"after"});
  CHECK(session.upstream.wait_until([](const auto& counts) { return counts.pongs == 1; }));
}

TEST_CASE("an idle peer is pinged, and stays connected while it answers") {
  Session session({}, {.ping_after = Millis(300)});
  REQUIRE(session.call.open());
  REQUIRE(session.upstream.wait_until([](const auto& counts) { return counts.pings >= 2; }));
  CHECK_FALSE(session.call.closed());
}

TEST_CASE("a peer that answers no ping is gone, unless nothing is read from it") {
  const DeafUpstream upstream;
  LoopSockets loop({.ping_after = Millis(10)});
  SocketCall paused(loop, upstream.base_url());
  paused.in_open = [&] { paused.socket().pause(); };
  REQUIRE(paused.open());
  SocketCall read(loop, upstream.base_url());
  REQUIRE(read.open());
  REQUIRE(read.wait_for_close());
  CHECK(read.closed()->code == 1006);
  CHECK_FALSE(paused.closed());  // although it has been silent for longer
  paused.resume();
  CHECK(paused.wait_for_close());
}

TEST_CASE("close says goodbye after all that is queued, and tells the end") {
  Session session({});
  REQUIRE(session.call.open());
  session.loop.run([&] {
    session.call.socket().send(std::string(4 * kMegabyte, 'x'));
    session.call.socket().send("middle");
    session.call.socket().send("last");
    session.call.socket().close();
    session.call.socket().close();
    session.call.socket().send("too late");
  });
  REQUIRE(session.call.wait_for_close());
  CHECK(session.call.closed()->code == 1000);
  REQUIRE(session.upstream.wait_for_ends(1));
  CHECK(session.upstream.ends()[0].code == 1000);
  REQUIRE(session.upstream.counts().messages == 3);
  CHECK(session.upstream.messages()[2].text == "last");
}

TEST_CASE("close before the open is kept until then") {
  ScriptedSocketUpstream upstream;
  SocketScript slow;
  slow.before_handshake = {SocketStep::gate("go")};
  upstream.on_connection({slow});
  LoopSockets loop;
  SocketCall call(loop, upstream.base_url());
  call.start();
  call.send("{}");
  call.close();
  upstream.open_gate("go");
  REQUIRE(call.wait_for_close());
  CHECK(call.opened().status == 101);
  CHECK(call.closed()->code == 1000);
  CHECK(upstream.counts().messages == 1);
}

TEST_CASE("a peer that does not answer the goodbye is not waited for") {
  const DeafUpstream upstream;
  LoopSockets loop({.close_wait = Millis(20)});
  SocketCall idle(loop, upstream.base_url());
  REQUIRE(idle.open());
  idle.close();
  REQUIRE(idle.wait_for_close());
  CHECK(idle.closed()->code == 1006);

  SocketCall full(loop, upstream.base_url());
  REQUIRE(full.open());
  full.send(std::string(UpstreamSocket::kMaxQueuedBytes, 'x'));  // more than the kernel takes
  full.close();
  REQUIRE(full.wait_for_close());
  CHECK(full.closed()->code == 1006);
}

TEST_CASE("a queue that grows past its limit ends the socket") {
  DeafUpstream upstream;
  LoopSockets loop;
  SocketCall stuck(loop, upstream.base_url());
  REQUIRE(stuck.open());
  stuck.send(std::string(UpstreamSocket::kMaxQueuedBytes, 'x'));
  CHECK_FALSE(stuck.closed());
  stuck.send("one too many");
  REQUIRE(stuck.wait_for_close());
  CHECK(stuck.closed()->code == 1006);
  CHECK_FALSE(stuck.called_inside_call());

  SocketScript never;
  never.before_handshake = {SocketStep::stall()};
  upstream.on_connection({never});
  SocketCall waiting(loop, upstream.base_url());
  waiting.start();
  waiting.send(std::string(UpstreamSocket::kMaxQueuedBytes + 1, 'x'));
  REQUIRE(waiting.wait_for_open());
  CHECK(waiting.opened().error == UpstreamError::closed);
  CHECK_FALSE(waiting.called_inside_call());
}

TEST_CASE("what has been sent no longer counts as queued") {
  Session session({});
  REQUIRE(session.call.open());
  for (std::size_t i = 1; i <= 3; ++i) {
    session.call.send(std::string(UpstreamSocket::kMaxQueuedBytes / 2 + 1, 'x'));
    REQUIRE(session.upstream.wait_for_messages(i));
    REQUIRE(session.call.wait_for_messages(i));  // the fake's complaint: that was no JSON
  }
}

TEST_CASE("a pause does not hide that the peer has gone") {
  Session session({SocketStep::gate("go"), SocketStep::close(1012)});
  session.call.in_open = [&] { session.call.socket().pause(); };
  REQUIRE(session.call.open());
  session.upstream.open_gate("go");
  REQUIRE(session.call.wait_for_close());
  CHECK(session.call.closed()->code == 1012);
}

TEST_CASE("while it is paused the upstream is held back, and nothing is lost") {
  constexpr std::size_t kMessages = 512;
  const std::string text(kMegabyte / 8, 'x');
  Session session({SocketStep::message(text, kMessages), SocketStep::message("end")});
  session.call.in_open = [&] { session.call.socket().pause(); };
  REQUIRE(session.call.open());
  SocketCall other(session.loop, session.upstream.base_url());
  REQUIRE(other.open());
  for (std::size_t i = 1; i <= 200; ++i) {  // the loop turns, others flow
    other.send(R"({"type":"response.create"})");
    REQUIRE(other.wait_for_messages(i));
  }
  CHECK(session.call.messages().empty());
  CHECK(session.upstream.counts().sent_bytes < kMessages * text.size() / 2);

  // One message per resume, as long as each is answered with a pause.
  session.loop.run(
      [&] { session.call.in_message = [&](std::string_view) { session.call.socket().pause(); }; });
  for (std::size_t i = 1; i <= 20; ++i) {
    session.call.resume();
    REQUIRE(session.call.wait_for_messages(i));
    session.call.pause();
    CHECK(session.call.messages().size() == i);
  }
  session.loop.run([&] {
    session.call.in_message = [&](std::string_view) {
      session.call.socket().pause();
      session.call.socket().resume();
    };
  });
  session.call.resume();
  session.call.resume();
  REQUIRE(session.call.wait_for_messages(kMessages + 1));
  const auto messages = session.call.messages();
  CHECK(messages.back() == "end");
  for (std::size_t i = 0; i < kMessages; ++i) REQUIRE(messages[i] == text);
}

TEST_CASE("a pause from outside holds a message that a read brings") {
  Session session({SocketStep::gate("go"), SocketStep::message("held"), SocketStep::message("b")});
  REQUIRE(session.call.open());
  session.call.pause();  // while a read is under way
  session.upstream.open_gate("go");
  SocketCall other(session.loop, session.upstream.base_url());
  REQUIRE(other.open());
  REQUIRE(session.upstream.wait_until([](const auto& counts) { return counts.sent_bytes >= 5; }));
  for (std::size_t i = 1; i <= 20; ++i) {
    other.send(R"({"type":"response.create"})");
    REQUIRE(other.wait_for_messages(i));
  }
  CHECK(session.call.messages().empty());
  session.loop.run([&] {
    session.call.socket().resume();
    session.call.socket().pause();
    session.call.socket().resume();
  });
  REQUIRE(session.call.wait_for_messages(2));
  CHECK(session.call.messages() == std::vector<std::string>{"held", "b"});
}

TEST_CASE("a socket may be destroyed inside each callback") {
  for (const std::string where : {"message", "fragment", "close", "protocol error"}) {
    CAPTURE(where);
    SocketSteps steps = {SocketStep::message("first"), SocketStep::message("second")};
    if (where == "fragment") steps[0] = SocketStep::fragments("first", 3);
    if (where == "close") steps = {SocketStep::close(1000)};
    if (where == "protocol error") steps = {SocketStep::binary("x")};
    Session session(std::move(steps));
    session.call.in_message = [&](std::string_view) { session.call.let_go(); };
    session.call.in_close = [&] { session.call.let_go(); };
    REQUIRE(session.call.open());
    REQUIRE(session.upstream.wait_for_ends(1));
    const bool by_message = where == "message" || where == "fragment";
    REQUIRE((by_message ? session.call.wait_for_messages(1) : session.call.wait_for_close()));
    CHECK(session.call.messages().size() == (by_message ? 1 : 0));
    CHECK(session.call.closed().has_value() == !by_message);
  }
}

TEST_CASE("a socket may be destroyed with everything under way") {
  ScriptedSocketUpstream upstream;
  LoopSockets loop;
  SocketScript busy;
  busy.on_open = {SocketStep::message(std::string(kMegabyte, 'x'), 100)};
  upstream.set_default(busy);
  for (int i = 0; i < 20; ++i) {
    SocketCall call(loop, upstream.base_url());
    REQUIRE(call.open());
    call.send(std::string(8 * kMegabyte, 'y'));
    if (i % 2 == 0) call.close();
    if (i % 3 == 0) REQUIRE(call.wait_for_messages(i % 2 == 0 ? 0 : 1));
  }
  CHECK(upstream.wait_until([](const auto& counts) { return counts.open == 0; }));
}

TEST_CASE("the loop may end before its sockets") {
  ScriptedSocketUpstream upstream;
  auto loop = std::make_unique<EventLoops>(1);
  loop->start();
  struct Ignore final : UpstreamSocketHandler {
    void on_open(const UpstreamSocketOpen&) override { opened.set_value(); }
    void on_message(std::string_view) override {}
    void on_close(std::uint16_t, const std::string&) override {}
    std::promise<void> opened;
  } handler;
  const SystemClock clock;
  const auto sockets = make_upstream_sockets(loop->at(0), clock);
  std::unique_ptr<UpstreamSocket> socket;
  loop->at(0).post([&] {
    socket = sockets->open({upstream.base_url() + "/responses", {}, Millis(30'000)}, handler);
  });
  handler.opened.get_future().get();
  loop->stop();
  socket.reset();
  loop.reset();  // whatever was pending goes with it, and leaks nothing
  CHECK(upstream.wait_for_ends(1));
}

}  // namespace responses_proxy
