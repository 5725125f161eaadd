// What the native client does beyond what both do: its pool, TLS sessions, and that TLS is as
// without.
#include <doctest/doctest.h>

#include <deque>

#include "fakes/responses_bodies.h"
#include "fakes/scripted_upstream.h"
#include "fakes/temp_folder.h"
#include "responses_proxy/upstream_trust.h"
#include "unit/upstream/loop_client.h"
#include "unit/upstream/tls_echo_server.h"
#include "upstream/native/idle_connections.h"

namespace responses_proxy {

namespace {

using testing::Call;
using testing::LoopClient;
using testing::OwnCertificate;
using testing::ScriptedUpstream;
using testing::Step;
using testing::TempFolder;
using testing::TlsEchoServer;
using testing::trusting;

UpstreamRequest request_to(std::string url, std::string method = "POST",
                           std::string_view body = "{}") {
  UpstreamRequest request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.body = body;
  return request;
}

void check_served(LoopClient& loop, const std::string& url, bool reused) {
  Call call(loop, request_to(url));
  call.start();
  REQUIRE(call.wait_for_end());
  CHECK(call.result().error == UpstreamError::none);
  CHECK(call.result().reused_connection == reused);
}

}  // namespace

TEST_CASE("a connection is used again for so long, idle or not") {
  ScriptedUpstream upstream;
  const std::string url = upstream.base_url() + "/responses";
  LoopClient loop;
  check_served(loop, url, false);
  loop.clock.advance(IdleConnections::kMaxIdle - Millis(1));
  check_served(loop, url, true);
  loop.clock.advance(IdleConnections::kMaxIdle);
  check_served(loop, url, false);
  for (Millis age{0}; age + IdleConnections::kMaxIdle < IdleConnections::kMaxAge;) {
    age += IdleConnections::kMaxIdle - Millis(1);
    loop.clock.advance(IdleConnections::kMaxIdle - Millis(1));
    check_served(loop, url, true);
  }
  loop.clock.advance(IdleConnections::kMaxIdle - Millis(1));
  check_served(loop, url, false);
}

TEST_CASE("only so many connections are kept, whatever they are to") {
  ScriptedUpstream first;
  ScriptedUpstream second;
  UpstreamClientOptions options;
  options.max_idle_connections = 2;
  LoopClient loop(options);
  for (ScriptedUpstream* upstream : {&first, &second}) {
    upstream->set_default([](const auto&) {
      return testing::json_reply({{"ok", true}}).insert(0, Step::gate("go"));
    });
  }
  std::deque<Call> calls;
  for (ScriptedUpstream* upstream : {&first, &second}) {
    for (int i = 0; i < 3; ++i) calls.emplace_back(loop, request_to(upstream->base_url()));
  }
  for (Call& call : calls) call.start();
  for (ScriptedUpstream* upstream : {&first, &second}) {
    REQUIRE(upstream->wait_for_requests(3));
    upstream->open_gate("go");
    for (int i = 0; i < 3; ++i) {
      REQUIRE(calls[static_cast<std::size_t>(i + (upstream == &first ? 0 : 3))].wait_for_end());
    }
    loop.clock.advance(Millis(1));
  }
  // The ones that were used last stay.
  const auto none = [](const auto& counts) { return counts.open_connections == 0; };
  const auto two = [](const auto& counts) { return counts.open_connections == 2; };
  CHECK(first.wait_until(none));
  CHECK(second.wait_until(two));
}

TEST_CASE("a connection that its upstream has ended is not kept, nor one that says something") {
  for (const Step& last :
       {Step::close(), Step::reset(), Step::write("HTTP/1.1 408 Late\r\n\r\n")}) {
    ScriptedUpstream upstream;
    testing::Reply reply;
    reply.before_head = {Step::write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
                         Step::gate("later"), last, Step::stall()};
    upstream.on_key("", {reply});
    LoopClient loop;
    check_served(loop, upstream.base_url() + "/responses", false);
    upstream.open_gate("later");
    CHECK(upstream.wait_until([](const auto& counts) { return counts.open_connections == 0; }));
    check_served(loop, upstream.base_url() + "/responses", false);
  }
}

TEST_CASE("a request that says so has its connection for itself") {
  ScriptedUpstream upstream;
  LoopClient loop;
  UpstreamRequest request = request_to(upstream.base_url() + "/responses");
  request.headers.add("connection", "close");
  Call call(loop, std::move(request));
  call.start();
  REQUIRE(call.wait_for_end());
  check_served(loop, upstream.base_url() + "/responses", false);
}

TEST_CASE("over TLS connections are kept, and large messages go both ways and wait") {
  const TempFolder folder;
  const OwnCertificate certificate("DNS:localhost");
  const std::string body(8'000'000, 'y');
  TlsEchoServer server(certificate, "HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n" + body);
  LoopClient loop(trusting(certificate, folder));
  const std::string sent(5'000'000, 'x');
  for (const bool again : {false, true}) {
    Call call(loop, request_to(server.url("localhost"), "POST", sent));
    bool paused = true;
    call.in_body = [&](std::string_view bytes) {
      CHECK(bytes.size() <= UpstreamClient::kInboxBytes);
      return !paused;
    };
    call.start();
    REQUIRE(call.wait_for_body(1));
    loop.run([] {});
    CHECK(call.body_size() <= UpstreamClient::kInboxBytes);
    loop.run([&] {
      paused = false;
      call.resume();
    });
    REQUIRE(call.wait_for_end());
    CHECK(call.result().error == UpstreamError::none);
    CHECK(call.result().reused_connection == again);
    CHECK((call.body() == body));
  }
  CHECK(server.names() == std::vector<std::string>{"localhost"});
}

TEST_CASE("a new connection goes on with the session of an earlier one, as long as it is trusted") {
  const TempFolder folder;
  const OwnCertificate certificate("DNS:localhost");
  certificate.write(folder.path() / "ca.pem");
  const auto trust =
      std::make_shared<UpstreamTrust>(TrustFiles{.ca_file = folder.path() / "ca.pem"});
  TlsEchoServer server(certificate);
  LoopClient loop({.trust = trust});
  check_served(loop, server.url("localhost"), false);
  CHECK(server.resumed() == 0);
  check_served(loop, server.url("localhost"), false);
  CHECK(server.resumed() == 1);
  trust->reload();  // whatever it says now, the certificate has to be shown again
  check_served(loop, server.url("localhost"), false);
  CHECK(server.resumed() == 1);
  const OwnCertificate other("DNS:localhost");
  other.write(folder.path() / "ca.pem");
  trust->reload();
  Call call(loop, request_to(server.url("localhost")));
  call.start();
  REQUIRE(call.wait_for_end());
  CHECK(call.result().error == UpstreamError::connect_certificate);
}

TEST_CASE("a body over TLS that ends without a word is cut off") {
  const TempFolder folder;
  const OwnCertificate certificate("DNS:localhost");
  TlsEchoServer server(certificate, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it?");
  LoopClient loop(trusting(certificate, folder));
  Call call(loop, request_to(server.url("localhost")));
  call.start();
  REQUIRE(call.wait_for_end());
  CHECK(call.result().error == UpstreamError::truncated);
  CHECK(call.body() == "all of it?");
}

TEST_CASE("a handshake that does not end has the word of connecting, and says what it was") {
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor silent(context, {boost::asio::ip::address_v4::loopback(), 0});
  LoopClient loop;
  UpstreamRequest request =
      request_to("https://127.0.0.1:" + std::to_string(silent.local_endpoint().port()) + "/");
  request.timeouts.connect = Millis(50);
  Call call(loop, std::move(request));
  call.start();
  REQUIRE(call.wait_for_end());
  CHECK(call.result().error == UpstreamError::connect_timeout);
  CHECK(call.result().detail.find("TLS handshake") != std::string::npos);
}

TEST_CASE("paths that would end the request line go nowhere") {
  ScriptedUpstream upstream;
  LoopClient loop;
  for (const char* path : {"/a b", "/a\r\nX: y", "/\t", "?a\x7f"}) {
    Call call(loop, request_to(upstream.base_url() + path));
    call.start();
    REQUIRE(call.wait_for_end());
    CHECK(call.result().error == UpstreamError::connect);
  }
  check_served(loop, upstream.base_url() + "/responses#part", false);
  CHECK(upstream.requests().at(0).target == "/v1/responses");
}

}  // namespace responses_proxy
