// TLS to a real redis-server with a certificate made for the test.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <atomic>
#include <cstdlib>
#include <string>

#include "fakes/private_redis.h"
#include "fakes/temp_folder.h"
#include "fakes/wait_until.h"
#include "redis/async_connection.h"

using namespace responses_proxy;
using responses_proxy::testing::PrivateRedis;
using responses_proxy::testing::TempFolder;
using responses_proxy::testing::wait_until;

namespace {

// Its own authority, for "localhost" only.
class Certificate {
 public:
  Certificate() {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout " +
        key() + " -out " + file() + " 2>/dev/null";
    REQUIRE(std::system(command.c_str()) == 0);
  }
  std::string file() const { return (folder_.path() / "redis.crt").string(); }
  std::string key() const { return (folder_.path() / "redis.key").string(); }

 private:
  TempFolder folder_;
};

}  // namespace

TEST_CASE("TLS: the certificate must be trusted and be the host's") {
  const Certificate certificate;
  PrivateRedis redis;
  // Its plain port becomes the TLS one.
  redis.command({"CONFIG", "SET", "port", "0"});
  const ReplyPtr set =
      redis.command({"CONFIG", "SET", "tls-cert-file", certificate.file(), "tls-key-file",
                     certificate.key(), "tls-ca-cert-file", certificate.file(), "tls-auth-clients",
                     "no", "tls-port", std::to_string(redis.port())});
  REQUIRE(text_of(*set) == "OK");
  RedisOptions options;
  options.port = redis.port();
  options.tls = true;

  std::string trusted = certificate.file();
  options.host = "localhost";
  bool comes_up = true;
  SUBCASE("trusted") {}
  SUBCASE("not trusted") {
    trusted = "/dev/null";
    comes_up = false;
  }
  SUBCASE("another host's") {
    options.host = "127.0.0.1";
    comes_up = false;
  }
  ::setenv("SSL_CERT_FILE", trusted.c_str(), 1);

  SeededRandom random(1);
  std::atomic<bool> failed{false};
  EventLoops loops(1);
  AsyncConnection connection(
      loops.at(0), options, Millis(50), random,
      [&](const std::string& problem) { failed = failed || !problem.empty(); });
  connection.start();
  loops.start();
  CHECK(wait_until([&] { return connection.connected() || failed; }));
  CHECK(connection.connected() == comes_up);
  loops.stop();
  ::unsetenv("SSL_CERT_FILE");
}
