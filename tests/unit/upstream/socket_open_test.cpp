// Upstream sockets: what comes of the handshake.
#include <doctest/doctest.h>

#include "fakes/compressed.h"
#include "fakes/responses_bodies.h"
#include "fakes/scripted_socket_upstream.h"
#include "unit/upstream/loop_sockets.h"
#include "upstream/socket_target.h"

namespace responses_proxy {

namespace {

using testing::error_reply;
using testing::LoopSockets;
using testing::Reply;
using testing::ScriptedSocketUpstream;
using testing::SocketCall;
using testing::SocketScript;
using testing::SocketStep;

UpstreamSocketOpen answer_to(SocketScript script, Millis timeout = Millis(30'000)) {
  ScriptedSocketUpstream upstream;
  upstream.on_connection({std::move(script)});
  LoopSockets loop;
  SocketCall call(loop, {upstream.base_url() + "/responses", {}, timeout});
  call.start();
  REQUIRE(call.wait_for_open());
  CHECK_FALSE(call.closed());
  CHECK(call.opens() == 1);
  return call.opened();
}

SocketScript refusing(Reply reply) {
  SocketScript script;
  script.refusal = std::move(reply);
  return script;
}

SocketScript first(SocketStep step) {
  SocketScript script;
  script.before_handshake = {std::move(step)};
  return script;
}

}  // namespace

TEST_CASE("the handshake carries the headers, and nothing that Beast or we made up beside them") {
  ScriptedSocketUpstream upstream;
  LoopSockets loop;
  SocketCall call(loop, {upstream.base_url() + "/responses?a=b",
                         {{"Authorization", "Bearer sk-a"},
                          {"OpenAI-Beta", "responses_websockets=2026-02-06"},
                          {"X-Twice", "1"},
                          {"X-Twice", "2"}},
                         Millis(30'000)});
  REQUIRE(call.open());
  CHECK(call.opened().error == UpstreamError::none);
  CHECK(call.opened().headers.find("Sec-WebSocket-Accept"));
  CHECK_FALSE(call.called_inside_call());
  const auto handshake = upstream.handshakes().at(0);
  CHECK(handshake.target == "/v1/responses?a=b");
  CHECK(handshake.key == "sk-a");
  CHECK(handshake.headers.get("Host") == "127.0.0.1:" + std::to_string(upstream.port()));
  std::string names;
  for (const Header& field : handshake.headers) names.append(field.name).append(" ");
  CHECK(names ==
        "Host Upgrade Connection Sec-WebSocket-Key Sec-WebSocket-Version Authorization "
        "OpenAI-Beta X-Twice X-Twice ");
}

TEST_CASE("a refusal comes with its status, headers and body") {
  for (const int status : {400, 401, 404, 426, 429, 503}) {
    CAPTURE(status);
    Reply reply = error_reply(status, "rate_limit_error", "rate_limit_exceeded", "Slow down");
    reply.headers.add("Retry-After", "7");
    const auto result = answer_to(refusing(reply));
    CHECK(result.error == UpstreamError::none);
    CHECK(result.status == status);
    CHECK(result.headers.get("retry-after") == "7");
    CHECK(result.body == reply.body);
  }
}

TEST_CASE("an ordinary 200 is a refusal too, and a long body is cut") {
  Reply reply;
  reply.body = std::string(100'000, 'x');
  const auto result = answer_to(refusing(reply));
  CHECK(result.status == 200);
  CHECK(result.body.size() == UpstreamSocket::kMaxRefusalBytes);
}

TEST_CASE("a refusal that is compressed although nobody asked is readable") {
  const Reply plain = error_reply(429, "rate_limit_error", "rate_limit_exceeded", "Slow down");
  Reply coded = plain;
  coded.body = testing::gzip(plain.body);
  coded.headers.add("Content-Encoding", "gzip");
  const auto result = answer_to(refusing(coded));
  CHECK(result.status == 429);
  CHECK(result.body == plain.body);
  CHECK_FALSE(result.headers.find("content-encoding"));
  Reply corrupt = coded;
  corrupt.body = "no gzip at all";
  CHECK(answer_to(refusing(corrupt)).body == corrupt.body);
}

TEST_CASE("handshakes that end or never end") {
  CHECK(answer_to(first(SocketStep::close(1000))).error == UpstreamError::closed);
  CHECK(answer_to(first(SocketStep::reset())).error == UpstreamError::closed);
  const auto garbage = answer_to(first(SocketStep::raw("SSH-2.0-OpenSSH_9.2\r\n\r\n")));
  CHECK(garbage.error == UpstreamError::protocol);
  CHECK(garbage.status == 0);
  CHECK_FALSE(garbage.detail.empty());
  const auto fake = answer_to(first(SocketStep::raw(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n")));
  CHECK(fake.error == UpstreamError::protocol);
  CHECK(fake.status == 0);
  const auto silent = answer_to(first(SocketStep::stall()), Millis(50));
  CHECK(silent.error == UpstreamError::connect_timeout);
}

TEST_CASE("what is sent before the open waits for it, and goes before what comes later") {
  ScriptedSocketUpstream upstream;
  upstream.on_connection({first(SocketStep::gate("go"))});
  LoopSockets loop;
  SocketCall call(loop, upstream.base_url());
  call.start();
  call.send(R"({"n":1})");
  call.send(R"({"n":2})");
  REQUIRE(upstream.wait_for_handshakes(1));
  CHECK(upstream.counts().messages == 0);
  upstream.open_gate("go");
  REQUIRE(call.wait_for_open());
  call.send(R"({"n":3})");
  REQUIRE(upstream.wait_for_messages(3));
  const auto messages = upstream.messages();
  for (std::size_t i = 0; i < 3; ++i) CHECK(messages[i].json()["n"] == i + 1);
}

TEST_CASE("a socket that is let go before or in its open says nothing more") {
  ScriptedSocketUpstream upstream;
  LoopSockets loop;
  SocketCall at_once(loop, upstream.base_url());
  loop.run([&] {
    auto socket =
        loop.sockets().open({upstream.base_url() + "/responses", {}, Millis(9000)}, at_once);
    socket->send("never");
  });
  SocketCall in_open(loop, upstream.base_url());
  in_open.in_open = [&] { in_open.let_go(); };
  in_open.start();
  REQUIRE(in_open.wait_for_open());
  REQUIRE(upstream.wait_for_ends(1));
  SocketCall refused(loop, upstream.base_url());
  upstream.refuse_all(404);
  refused.in_open = [&] { refused.let_go(); };
  refused.start();
  REQUIRE(refused.wait_for_open());
  CHECK(refused.opened().status == 404);
  CHECK(at_once.opens() == 0);
  CHECK(upstream.counts().messages == 0);
}

TEST_CASE("sockets outlive their factory") {
  ScriptedSocketUpstream upstream;
  LoopSockets loop;
  SocketCall call(loop, upstream.base_url());
  REQUIRE(call.open());
  loop.run([&] { loop.end_sockets(); });
  call.send(R"({"type":"response.create"})");
  CHECK(call.wait_for_messages(1));
}

TEST_CASE("targets") {
  const auto plain = parse_socket_target("http://example.com/v1/responses");
  REQUIRE(plain);
  CHECK_FALSE(plain->tls);
  CHECK(plain->host == "example.com");
  CHECK(plain->port == "80");
  CHECK(plain->authority == "example.com");
  CHECK(plain->path == "/v1/responses");
  const auto six = parse_socket_target("https://[::1]:8443/a?b=c&d");
  REQUIRE(six);
  CHECK(six->tls);
  CHECK(six->host == "::1");
  CHECK(six->port == "8443");
  CHECK(six->authority == "[::1]:8443");
  CHECK(six->path == "/a?b=c&d");
  CHECK(parse_socket_target("https://example.com")->path == "/");
  CHECK(parse_socket_target("https://example.com")->port == "443");
  for (const char* none : {"", "x", "ftp://a/", "http://", "http://a:99999/", "wss://a/"}) {
    CAPTURE(none);
    CHECK_FALSE(parse_socket_target(none));
  }
}

}  // namespace responses_proxy
