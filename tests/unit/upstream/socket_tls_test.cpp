// Upstream sockets over TLS: who is trusted, and that the rest is as without.
#include <doctest/doctest.h>

#include "fakes/scripted_socket_upstream.h"
#include "fakes/temp_folder.h"
#include "responses_proxy/upstream_trust.h"
#include "unit/upstream/loop_sockets.h"
#include "unit/upstream/tls_echo_server.h"

namespace responses_proxy {

namespace {

using testing::LoopSockets;
using testing::OwnCertificate;
using testing::SocketCall;
using testing::TempFolder;
using testing::TlsEchoServer;

struct Trust {
  explicit Trust(const std::string& names) : certificate(names) { certificate.write(ca_file()); }
  std::string ca_file() const { return folder.path() / "ca.pem"; }
  TempFolder folder;
  OwnCertificate certificate;
};

UpstreamSocketOptions trusting(const std::string& ca_file) {
  UpstreamSocketOptions options;
  options.trust = std::make_shared<UpstreamTrust>(TrustFiles{.ca_file = ca_file});
  return options;
}

UpstreamSocketOpen open(const std::string& url, const std::string& ca_file) {
  LoopSockets loop(trusting(ca_file));
  SocketCall call(loop, {url, {{"Authorization", "Bearer sk-very-secret"}}, Millis(30'000)});
  call.start();
  REQUIRE(call.wait_for_open());
  CHECK_FALSE(call.called_inside_call());
  return call.opened();
}

void check_refused(const UpstreamSocketOpen& result, const std::string& why) {
  CAPTURE(result.detail);
  CHECK(result.error == UpstreamError::connect_certificate);
  CHECK(result.status == 0);
  CHECK(result.detail.starts_with("the certificate of "));
  CHECK(result.detail.find(why) != std::string::npos);
}

}  // namespace

TEST_CASE("messages, large ones too, go over TLS; the server is told its name") {
  const Trust trust("DNS:localhost,IP:127.0.0.1");
  TlsEchoServer server(trust.certificate);
  LoopSockets loop(trusting(trust.ca_file()));
  const std::string large(2'000'000, 'x');
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    SocketCall call(loop, server.url(host));
    REQUIRE(call.open());
    call.send("small");
    call.send(large);
    REQUIRE(call.wait_for_messages(2));
    CHECK(call.messages() == std::vector<std::string>{"small", large});
    call.close();
    REQUIRE(call.wait_for_close());
    CHECK(call.closed()->code == 1000);
  }
  CHECK(server.names() == std::vector<std::string>{"localhost", ""});
}

TEST_CASE("a certificate must come from a trusted CA and name the host") {
  const Trust trust("DNS:localhost");
  const Trust other("DNS:localhost");
  TlsEchoServer server(trust.certificate);
  CHECK(open(server.url("localhost"), trust.ca_file()).status == 101);
  const std::string unknown = "self-signed certificate";
  check_refused(open(server.url("localhost"), ""), unknown);  // not in the system's store
  check_refused(open(server.url("localhost"), other.ca_file()), unknown);
  check_refused(open(server.url("localhost"), "/no/such/file"), unknown);
  check_refused(open(server.url("127.0.0.1"), trust.ca_file()), "IP address mismatch");
  const Trust elsewhere("DNS:example.com");
  TlsEchoServer impostor(elsewhere.certificate);
  check_refused(open(impostor.url("localhost"), elsewhere.ca_file()), "hostname mismatch");
}

TEST_CASE("what speaks no TLS is no connection") {
  testing::ScriptedSocketUpstream plain;
  const auto result = open("https://127.0.0.1:" + std::to_string(plain.port()) + "/", "");
  CHECK(result.error == UpstreamError::connect_tls);
  CHECK(result.detail.starts_with("the TLS handshake with 127.0.0.1:"));
}

TEST_CASE("a socket over TLS may be destroyed at any time") {
  const Trust trust("DNS:localhost");
  TlsEchoServer server(trust.certificate);
  LoopSockets loop(trusting(trust.ca_file()));
  for (const int step : {0, 1, 2, 3}) {
    SocketCall call(loop, server.url("localhost"));
    if (step == 1) call.in_open = [&] { call.let_go(); };
    if (step == 2) call.in_message = [&](std::string_view) { call.let_go(); };
    call.start();
    if (step == 0) continue;
    REQUIRE(call.wait_for_open());
    call.send(std::string(8'000'000, 'x'));
    if (step == 2) REQUIRE(call.wait_for_messages(1));
  }
  SocketCall last(loop, server.url("localhost"));
  CHECK(last.open());
}

}  // namespace responses_proxy
