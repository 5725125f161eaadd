// Which authorities are trusted: PROXY_UPSTREAM_CA_FILE, SSL_CERT_FILE, SSL_CERT_DIR, and anew.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "fakes/temp_folder.h"
#include "responses_proxy/upstream_trust.h"
#include "unit/upstream/loop_client.h"
#include "unit/upstream/loop_sockets.h"
#include "unit/upstream/tls_echo_server.h"

namespace responses_proxy {

namespace {

using testing::Call;
using testing::LoopClient;
using testing::LoopSockets;
using testing::OwnCertificate;
using testing::SocketCall;
using testing::TempFolder;
using testing::TlsEchoServer;

// Both clients, as they are at one time; connections are not kept between calls.
struct Clients {
  explicit Clients(std::shared_ptr<const UpstreamTrust> trust)
      : http({.max_idle_connections = 1, .trust = trust}), sockets({.trust = trust}) {}

  bool reach(const TlsEchoServer& server) {
    UpstreamRequest request;
    request.method = "GET";
    request.url = server.url("localhost");
    Call call(http, std::move(request));
    call.start();
    REQUIRE(call.wait_for_end());
    SocketCall socket(sockets, server.url("localhost"));
    socket.start();
    REQUIRE(socket.wait_for_open());
    const bool over_http = call.status() == 200;
    const bool over_socket = socket.opened().status == 101;
    CHECK(over_http == over_socket);
    return over_http && over_socket;
  }

  LoopClient http;
  LoopSockets sockets;
};

bool reached(const TlsEchoServer& server, const TrustFiles& files) {
  return Clients(std::make_shared<UpstreamTrust>(files)).reach(server);
}

// Under the name that OpenSSL looks for.
void write_hashed(const OwnCertificate& certificate, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  certificate.write(folder / certificate.hashed_name());
}

}  // namespace

TEST_CASE("the files hold for HTTP and WebSocket alike") {
  const TempFolder folder;
  const OwnCertificate certificate("DNS:localhost");
  const OwnCertificate other("DNS:localhost");
  const std::string good = folder.path() / "good.pem";
  const std::string bad = folder.path() / "bad.pem";
  certificate.write(good);
  other.write(bad);
  const std::filesystem::path good_folder = folder.path() / "good";
  write_hashed(certificate, good_folder);
  TlsEchoServer server(certificate);

  CHECK_FALSE(reached(server, {}));
  CHECK(reached(server, {.ca_file = good}));
  CHECK(reached(server, {.ssl_cert_file = good}));
  CHECK(reached(server, {.ssl_cert_dir = good_folder}));
  CHECK(reached(server, {.ssl_cert_file = bad, .ssl_cert_dir = good_folder}));
  CHECK_FALSE(reached(server, {.ca_file = bad}));
  CHECK_FALSE(
      reached(server, {.ca_file = bad, .ssl_cert_file = good, .ssl_cert_dir = good_folder}));
}

TEST_CASE("files that cannot be used are named") {
  const TempFolder folder;
  const std::string nothing = folder.path() / "nothing.pem";
  const std::string empty = folder.path() / "empty.pem";
  std::ofstream(empty) << "no certificate\n";
  CHECK(UpstreamTrust().problem().empty());
  CHECK(UpstreamTrust({.ca_file = nothing}).problem() ==
        "PROXY_UPSTREAM_CA_FILE: " + nothing + " cannot be read (No such file or directory)");
  CHECK(UpstreamTrust({.ssl_cert_file = empty}).problem() ==
        "SSL_CERT_FILE: " + empty + " holds no certificate in PEM form");
  CHECK(UpstreamTrust({.ssl_cert_dir = nothing}).problem() ==
        "SSL_CERT_DIR: " + nothing + " is no folder");
}

TEST_CASE("a reload holds for connections that begin afterwards; a bad one changes nothing") {
  const TempFolder folder;
  const OwnCertificate old_one("DNS:localhost");
  const OwnCertificate new_one("DNS:localhost");
  const std::string path = folder.path() / "ca.pem";
  old_one.write(path);
  TlsEchoServer old_server(old_one);
  TlsEchoServer new_server(new_one);
  const auto trust = std::make_shared<UpstreamTrust>(TrustFiles{.ca_file = path});
  Clients clients(trust);
  CHECK(clients.reach(old_server));
  CHECK_FALSE(clients.reach(new_server));
  new_one.write(path);
  CHECK_FALSE(clients.reach(new_server));
  trust->reload();
  CHECK(trust->problem().empty());
  CHECK(clients.reach(new_server));
  std::ofstream(path) << "half a file";
  trust->reload();
  CHECK_FALSE(trust->problem().empty());
  CHECK(clients.reach(new_server));
}

}  // namespace responses_proxy
