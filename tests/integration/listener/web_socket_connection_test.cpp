// Messages, control frames, close codes, back-pressure and the ends of a client's WebSocket.
#include <doctest/doctest.h>

#include <optional>

#include "fakes/wait_until.h"
#include "integration/listener/socket_rig.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

// The TCP connections of all other sockets have ended.
bool wait_for_open(SocketRig& rig, std::size_t sockets) {
  return wait_until([&] { return rig.listener().open_sockets() == sockets; });
}

// The session has been told, and everything is gone.
bool gone(SocketRig& rig) {
  return rig.log().wait_for([](const auto& seen) {
    return seen.closed == 1 && seen.destroyed == 1;
  }) && rig.log().seen().opened == 1;
}

}  // namespace

TEST_CASE("messages are echoed, whatever their length") {
  SocketRig rig;
  FrameClient client(rig);
  for (const std::size_t length : {0U, 1U, 125U, 126U, 1024U, 65535U, 65536U, 3'000'000U}) {
    CAPTURE(length);
    const std::string text(length, 'x');
    client.text(text);
    const auto frame = client.read();
    REQUIRE(frame);
    CHECK(frame->opcode == opcode::kText);
    CHECK(frame->fin);
    CHECK_FALSE(frame->masked);
    CHECK(frame->payload == text);
  }
}

TEST_CASE("fragments make one message, with control frames in between") {
  SocketRig rig;
  FrameClient client(rig);
  client.send({opcode::kText, "one ", false});
  client.send({opcode::kPing, "are you there"});
  client.send({opcode::kContinuation, "", false});
  client.send({opcode::kContinuation, "two \xc3", false});
  client.send({opcode::kPong, "nobody asked"});
  client.send({opcode::kContinuation, "\xa9"});
  const auto pong = client.read();
  REQUIRE(pong);
  CHECK(pong->opcode == opcode::kPong);
  CHECK(pong->payload == "are you there");
  CHECK(client.message() == "one two \xc3\xa9");
  CHECK(rig.log().seen().messages.size() == 1);
}

TEST_CASE("frames that come byte by byte") {
  SocketRig rig;
  FrameClient client(rig);
  for (const char byte : encode({opcode::kText, std::string(200, 'b')})) {
    client.raw().send(std::string(1, byte));
  }
  CHECK(client.message() == std::string(200, 'b'));
}

TEST_CASE("the client closes: its code is echoed and the connection ends") {
  SocketRig rig;
  FrameClient client(rig);
  client.text("hello");
  CHECK(client.message() == "hello");
  SUBCASE("with a code") {
    client.send({opcode::kClose, close_payload(4000, "bye")});
    CHECK(client.close_code() == 4000);
  }
  SUBCASE("without one") {
    client.send({opcode::kClose, ""});
    CHECK(client.close_code() == close_code::kNormal);
  }
  CHECK(client.at_end());
  client.raw().close();
  CHECK(gone(rig));
}

TEST_CASE("a client that leaves without a close frame") {
  SocketRig rig;
  FrameClient client(rig);
  client.text("busy");
  CHECK(client.message() == "busy");
  SUBCASE("by closing its connection") {
    client.raw().close();
  }
  SUBCASE("by a reset") {
    client.raw().reset();
  }
  SUBCASE("in the middle of a frame") {
    client.raw().send(frame_head({opcode::kText, ""}, 1000) + "1234 half");
    client.raw().close();
  }
  CHECK(gone(rig));
}

TEST_CASE("what the client does wrong is answered with the right code") {
  struct Case {
    const char* name;
    std::string bytes;
    std::uint16_t code;
  };
  const Case cases[] = {
      {"binary", encode({opcode::kBinary, "\x01\x02"}), close_code::kUnsupportedData},
      {"empty binary", encode({opcode::kBinary, ""}), close_code::kUnsupportedData},
      {"binary fragment", encode({opcode::kBinary, "a", false}), close_code::kUnsupportedData},
      {"invalid UTF-8", encode({opcode::kText, "\xff\xfe"}), close_code::kInvalidText},
      {"cut UTF-8", encode({opcode::kText, "\xc3"}), close_code::kInvalidText},
      {"not masked", encode({opcode::kText, "a", true, false, false}), close_code::kProtocolError},
      {"reserved opcode", encode({3, "a"}), close_code::kProtocolError},
      {"reserved control opcode", encode({11, "a"}), close_code::kProtocolError},
      {"compressed, not agreed", encode({opcode::kText, "a", true, true}),
       close_code::kProtocolError},
      {"long ping", encode({opcode::kPing, std::string(126, 'p')}), close_code::kProtocolError},
      {"fragmented ping", encode({opcode::kPing, "p", false}), close_code::kProtocolError},
      {"nothing to continue", encode({opcode::kContinuation, "a"}), close_code::kProtocolError},
      {"message in a message", encode({opcode::kText, "a", false}) + encode({opcode::kText, "b"}),
       close_code::kProtocolError},
      {"close code never sent", encode({opcode::kClose, close_payload(1005)}),
       close_code::kProtocolError},
      {"close with one byte", encode({opcode::kClose, "a"}), close_code::kProtocolError},
      {"length with its top bit set", std::string("\x81\xff\xff") + std::string(11, 'f'),
       close_code::kTooBig},
  };
  for (const Case& wrong : cases) {
    CAPTURE(wrong.name);
    SocketRig rig;
    FrameClient client(rig);
    client.raw().send(wrong.bytes);
    CHECK(client.close_code() == wrong.code);
    client.raw().close();
    CHECK(gone(rig));
    CHECK(rig.log().seen().messages.empty());
  }
}

TEST_CASE("a message over the limit ends with 1009, before it is sent") {
  SocketLimits limits;
  limits.max_message_bytes = 1000;
  SocketRig rig(limits);
  FrameClient client(rig);
  client.text(std::string(1000, 'a'));
  CHECK(client.message().size() == 1000);
  SUBCASE("one frame") {
    client.raw().send(frame_head({opcode::kText, ""}, std::uint64_t{1} << 62) + "mask");
  }
  SUBCASE("fragments") {
    client.send({opcode::kText, std::string(600, 'a'), false});
    client.send({opcode::kContinuation, std::string(600, 'a')});
  }
  CHECK(client.close_code() == close_code::kTooBig);
  client.raw().close();
  CHECK(gone(rig));
}

TEST_CASE("a client that goes on after an error is cut after a moment") {
  SocketRig rig;
  FrameClient client(rig);
  client.text("busy");
  CHECK(client.message() == "busy");
  client.send({3, "a"});
  CHECK(client.close_code() == close_code::kProtocolError);
  // It does not close: the session is told by the next tick, the connection ends later.
  CHECK(rig.log().wait_for([](const auto& seen) { return seen.closed == 1; }));
  rig.clock().advance(SocketLimits{}.close_timeout);
  CHECK(rig.log().wait_for([](const auto& seen) { return seen.destroyed == 1; }));
}

// ---- back-pressure ----

TEST_CASE("a client that does not read pauses the session, and is not read from") {
  SocketRig rig;
  FrameClient client(rig);
  constexpr std::size_t kMessages = 2000;
  client.text("flood " + std::to_string(kMessages));
  REQUIRE(rig.log().wait_until_stuck());
  // What has been sent fills the kernel's buffers and this side's.
  CHECK(rig.log().seen().sent_bytes < kMessages * 16 * 1024 / 2);
  for (int i = 0; i < 20; ++i) client.text("more");
  CHECK_FALSE(rig.log().wait_for([](const auto& seen) { return seen.messages_in_waiting > 1; },
                                 Millis(200)));
  for (std::size_t i = 0; i < kMessages; ++i) {
    REQUIRE(client.message().size() == 16 * 1024);
  }
  for (int i = 0; i < 20; ++i) CHECK(client.message() == "more");
}

TEST_CASE(
    "while a session reads a message its client is not read from, nor asked whether it lives") {
  SocketRig rig;
  FrameClient other(rig);
  FrameClient client(rig);
  client.text("long");
  client.text("next");
  REQUIRE(rig.log().wait_for([](const auto& seen) { return !seen.messages.empty(); }));
  // The other one is asked, and again: in between, all were looked at.
  for (const Millis passed : {SocketLimits{}.ping_after, SocketLimits{}.pong_timeout}) {
    rig.clock().advance(passed);
    const auto ping = other.read();
    REQUIRE(ping);
    CHECK(ping->opcode == opcode::kPing);
    other.send({opcode::kPong, ping->payload});
    other.text("here");
    CHECK(other.message() == "here");
  }
  CHECK(rig.log().seen().messages == std::vector<std::string>{"long", "here", "here"});
  rig.read();
  CHECK(client.message() == "next");
  CHECK(rig.log().seen().closed == 0);
}

TEST_CASE("what a client has sent behind a message waits until that is read") {
  SocketRig rig;
  FrameClient client(rig);
  client.raw().send(encode({opcode::kText, "long"}) + encode({opcode::kText, "second"}) +
                    encode({opcode::kPing, "p"}) + encode({opcode::kText, "third", false}));
  REQUIRE(rig.log().wait_for([](const auto& seen) { return !seen.messages.empty(); }));
  rig.read();
  CHECK(client.message() == "second");
  CHECK(client.read()->payload == "p");
  client.send({opcode::kContinuation, " one"});
  CHECK(client.message() == "third one");
}

TEST_CASE("a client that takes nothing is cut after the write time-out") {
  SocketRig rig;
  FrameClient client(rig);
  client.text("flood 10000");
  REQUIRE(rig.log().wait_until_stuck());
  rig.clock().advance(SocketLimits{}.write_timeout);
  CHECK(gone(rig));
}

TEST_CASE("a client that leaves while the writer is stuck is noticed") {
  SocketRig rig;
  FrameClient client(rig);
  client.text("flood 10000");
  REQUIRE(rig.log().wait_until_stuck());
  client.raw().close();
  CHECK(gone(rig));
}

// ---- time ----

TEST_CASE("a silent client is asked, and kept for as long as it answers") {
  SocketRig rig;
  FrameClient client(rig);
  for (int i = 0; i < 3; ++i) {
    rig.clock().advance(SocketLimits{}.ping_after);
    const auto ping = client.read();
    REQUIRE(ping);
    CHECK(ping->opcode == opcode::kPing);
    client.send({opcode::kPong, ping->payload});
    client.text("still here");
    CHECK(client.message() == "still here");
  }
}

TEST_CASE("a client that does not answer a ping is gone") {
  SocketRig rig;
  FrameClient client(rig);
  rig.clock().advance(SocketLimits{}.ping_after);
  REQUIRE(client.read());
  rig.clock().advance(SocketLimits{}.pong_timeout);
  CHECK(gone(rig));
  CHECK(client.at_end());
}

TEST_CASE("a pong is a sign of life") {
  SocketRig rig;
  FrameClient client(rig);
  rig.clock().advance(SocketLimits{}.ping_after);
  REQUIRE(client.read());
  rig.clock().advance(SocketLimits{}.pong_timeout - Millis(1));
  client.send({opcode::kPong, ""});
  client.text("and");
  CHECK(client.message() == "and");
  rig.clock().advance(SocketLimits{}.ping_after);
  const auto ping = client.read();
  REQUIRE(ping);
  CHECK(ping->opcode == opcode::kPing);
}

TEST_CASE("a socket without turns is closed after the idle time-out") {
  SocketRig rig;
  FrameClient client(rig);
  rig.clock().advance(SocketLimits{}.idle_timeout);
  CHECK(client.close_code() == close_code::kGoingAway);
  client.send({opcode::kClose, close_payload(1001)});
  CHECK(client.at_end());
  CHECK(gone(rig));
}

TEST_CASE("a turn keeps a socket alive; the idle time starts when it ends") {
  SocketLimits limits;
  limits.idle_timeout = Millis(20'000);
  limits.ping_after = Millis(1'000'000);
  SocketRig rig(limits);
  FrameClient client(rig);
  client.text("busy");
  CHECK(client.message() == "busy");
  rig.clock().advance(Millis(60'000));
  client.text("done");
  CHECK(client.message() == "done");
  client.text("not idle for long yet");
  CHECK(client.message() == "not idle for long yet");
  rig.clock().advance(Millis(20'000));
  CHECK(client.close_code() == close_code::kGoingAway);
}

TEST_CASE("an old socket is closed between two turns") {
  SocketLimits limits;
  limits.max_age = Millis(10'000);
  SocketRig rig(limits);
  FrameClient idle(rig);
  FrameClient busy(rig);
  busy.text("busy");
  CHECK(busy.message() == "busy");
  rig.clock().advance(Millis(10'000));
  const auto closing = idle.read();
  REQUIRE(closing);
  CHECK(closing->opcode == opcode::kClose);
  CHECK(closing->payload == close_payload(1001, "the socket has reached its maximum age"));
  busy.text("done");
  CHECK(busy.message() == "done");
  CHECK(busy.close_code() == close_code::kGoingAway);
}

TEST_CASE("a client that does not answer a close frame is cut") {
  SocketRig rig;
  FrameClient client(rig);
  rig.listener().drain();
  CHECK(client.close_code() == close_code::kServiceRestart);
  rig.clock().advance(SocketLimits{}.close_timeout);
  CHECK(client.at_end());
  CHECK(gone(rig));
}

// ---- draining ----

TEST_CASE("draining closes idle sockets at once and busy ones after their turn") {
  SocketRig rig;
  FrameClient idle(rig);
  FrameClient busy(rig);
  busy.text("busy");
  CHECK(busy.message() == "busy");
  rig.listener().drain();
  CHECK(idle.close_code() == close_code::kServiceRestart);
  idle.send({opcode::kClose, close_payload(1012)});
  CHECK(idle.at_end());
  CHECK(rig.log().wait_for([](const auto& seen) { return seen.closed == 1; }));
  idle.raw().close();
  CHECK(wait_for_open(rig, 1));
  busy.text("done");
  CHECK(busy.message() == "done");
  CHECK(busy.close_code() == close_code::kServiceRestart);
  busy.send({opcode::kClose, close_payload(1012)});
  CHECK(busy.at_end());
  CHECK(rig.log().wait_for([](const auto& seen) { return seen.destroyed == 2; }));
  busy.raw().close();
  CHECK(wait_for_open(rig, 0));
}

TEST_CASE("what was queued before a drain still arrives") {
  SocketRig rig;
  FrameClient client(rig);
  constexpr std::size_t kMessages = 500;
  client.text("busy");
  CHECK(client.message() == "busy");
  client.text("flood " + std::to_string(kMessages));
  client.text("done");
  rig.listener().drain();
  for (std::size_t i = 0; i < kMessages; ++i) REQUIRE(client.message().size() == 16 * 1024);
  CHECK(client.message() == "done");
  CHECK(client.close_code() == close_code::kServiceRestart);
}

TEST_CASE("a loop that stops leaves no session behind") {
  SocketLog log;
  std::optional<SocketRig> rig(std::in_place, SocketLimits(), &log);
  FrameClient client(*rig);
  client.text("busy");
  CHECK(client.message() == "busy");
  rig.reset();  // while the client is still there, so its end is not what is seen
  CHECK(log.seen().closed == 0);
  CHECK(log.seen().destroyed == 1);
}
