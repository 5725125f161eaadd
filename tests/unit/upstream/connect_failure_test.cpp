// Why no connection came about: the same words for HTTP and for WebSocket.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <memory>

#include "fakes/scripted_socket_upstream.h"
#include "fakes/scripted_upstream.h"
#include "fakes/temp_folder.h"
#include "responses_proxy/upstream_trust.h"
#include "unit/upstream/loop_client.h"
#include "unit/upstream/loop_sockets.h"
#include "unit/upstream/tls_echo_server.h"
#include "upstream/connect_failure.h"

namespace responses_proxy {

namespace {

using boost::asio::ip::tcp;
using testing::Call;
using testing::LoopClient;
using testing::LoopSockets;
using testing::OwnCertificate;
using testing::SocketCall;
using testing::TempFolder;
using testing::TlsEchoServer;

using Trust = std::shared_ptr<const UpstreamTrust>;

struct Outcome {
  UpstreamError error;
  std::string detail;
};

Outcome over_http(const std::string& url, const Trust& trust = {}) {
  UpstreamClientOptions options;
  options.trust = trust;
  LoopClient loop(options);
  UpstreamRequest request;
  request.method = "GET";
  request.url = url;
  request.headers.add("Authorization", "Bearer sk-very-secret");
  Call call(loop, std::move(request));
  call.start();
  REQUIRE(call.wait_for_end());
  return {call.result().error, call.result().detail};
}

Outcome over_socket(const std::string& url, const Trust& trust = {}) {
  UpstreamSocketOptions options;
  options.trust = trust;
  LoopSockets loop(options);
  SocketCall call(loop, {url, {{"Authorization", "Bearer sk-very-secret"}}, Millis(30'000)});
  call.start();
  REQUIRE(call.wait_for_open());
  return {call.opened().error, call.opened().detail};
}

// Both transports fail with that word, and say so in the same way.
void check_both(const std::string& url, UpstreamError error, const std::string& text,
                const Trust& trust = {}) {
  for (const Outcome& outcome : {over_http(url, trust), over_socket(url, trust)}) {
    CAPTURE(url);
    CAPTURE(outcome.detail);
    CHECK(to_string(outcome.error) == to_string(error));
    CHECK(outcome.detail.starts_with(text));
    CHECK(outcome.detail.find("secret") == std::string::npos);
  }
}

// A port where nobody listens, taken for as long as this lives.
struct ClosedPort {
  ClosedPort() { acceptor.bind({boost::asio::ip::address_v4::loopback(), 0}); }
  std::string authority() const {
    return "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
  }
  boost::asio::io_context context;
  tcp::acceptor acceptor{context, tcp::v4()};
};

Trust trust_in(const OwnCertificate& certificate, const TempFolder& folder) {
  const std::string path = folder.path() / "ca.pem";
  certificate.write(path);
  return std::make_shared<UpstreamTrust>(TrustFiles{.ca_file = path});
}

}  // namespace

TEST_CASE("nobody listens, no such name, no such URL") {
  const ClosedPort closed;
  check_both("http://" + closed.authority() + "/x", UpstreamError::connect_refused,
             "nobody listens at " + closed.authority() + " (");
  check_both("https://" + closed.authority() + "/x", UpstreamError::connect_refused,
             "nobody listens at " + closed.authority() + " (");
  check_both("http://host.invalid/x", UpstreamError::connect_name_not_found,
             "the name host.invalid has no address (");
  for (const char* url : {"ftp://127.0.0.1/", "", "no such protocol://"}) {
    check_both(url, UpstreamError::connect, "the base URL is no http or https URL");
  }
}

TEST_CASE("certificates that are not accepted say why, over both transports") {
  const TempFolder folder;
  const OwnCertificate certificate("DNS:localhost");
  TlsEchoServer server(certificate);
  const std::string where = server.url("localhost").substr(8, server.url("localhost").size() - 11);
  const std::string not_accepted = "the certificate of " + where + " is not accepted (";
  check_both(server.url("localhost"), UpstreamError::connect_certificate, not_accepted);
  const Trust trust = trust_in(certificate, folder);
  check_both(server.url("127.0.0.1"), UpstreamError::connect_certificate,
             "the certificate of 127.0.0.1:", trust);
  CHECK(over_http(server.url("localhost"), trust).error == UpstreamError::none);
  CHECK(over_socket(server.url("localhost"), trust).error == UpstreamError::none);

  const OwnCertificate expired("DNS:localhost", -60);
  TlsEchoServer late(expired);
  const TempFolder other;
  check_both(late.url("localhost"), UpstreamError::connect_certificate, "the certificate of ",
             trust_in(expired, other));
  CHECK(over_http(late.url("localhost"), trust_in(expired, other)).detail.find("expired") !=
        std::string::npos);
}

TEST_CASE("what speaks no TLS fails in the handshake") {
  testing::ScriptedUpstream plain;
  check_both("https://127.0.0.1:" + std::to_string(plain.port()) + "/", UpstreamError::connect_tls,
             "the TLS handshake with 127.0.0.1:" + std::to_string(plain.port()) + " failed (");
}

TEST_CASE("the errno of a connect has a word") {
  CHECK(error_of_errno(ECONNREFUSED) == UpstreamError::connect_refused);
  CHECK(error_of_errno(ENETUNREACH) == UpstreamError::connect_unreachable);
  CHECK(error_of_errno(EHOSTUNREACH) == UpstreamError::connect_unreachable);
  CHECK(error_of_errno(ETIMEDOUT) == UpstreamError::connect_timeout);
  CHECK(error_of_errno(EMFILE) == UpstreamError::out_of_descriptors);
  CHECK(error_of_errno(EPERM) == UpstreamError::connect);
  CHECK(connect_failure(UpstreamError::connect_unreachable, "https://[2001:db8::1]/v1", "No route")
            .detail == "[2001:db8::1]:443 cannot be reached (No route)");
}

TEST_CASE("a process without descriptors blames itself") {
  testing::ScriptedUpstream upstream;
  testing::ScriptedSocketUpstream socket_upstream;
  LoopClient loop;
  LoopSockets sockets;
  SocketCall before_that(sockets, socket_upstream.base_url());
  REQUIRE(before_that.open());
  UpstreamRequest request;
  request.method = "GET";
  request.url = upstream.base_url();
  Call call(loop, request);
  SocketCall socket(sockets, socket_upstream.base_url());
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit none = before;
  none.rlim_cur = 0;  // what is open stays open
  ::setrlimit(RLIMIT_NOFILE, &none);
  call.start();
  const bool ended = call.wait_for_end();
  socket.start();
  const bool opened = socket.wait_for_open();
  ::setrlimit(RLIMIT_NOFILE, &before);
  REQUIRE(ended);
  REQUIRE(opened);
  CHECK(call.result().error == UpstreamError::out_of_descriptors);
  CHECK(socket.opened().error == UpstreamError::out_of_descriptors);
}

TEST_CASE("every address of a name is tried") {
  // On 127.0.0.1 only, while localhost may be ::1 first.
  testing::ScriptedSocketUpstream socket_upstream;
  LoopSockets sockets;
  SocketCall socket(sockets, "http://localhost:" + std::to_string(socket_upstream.port()) + "/v1");
  CHECK(socket.open());
  testing::ScriptedUpstream upstream;
  CHECK(over_http("http://localhost:" + std::to_string(upstream.port()) + "/v1/models").error ==
        UpstreamError::none);
}

}  // namespace responses_proxy
