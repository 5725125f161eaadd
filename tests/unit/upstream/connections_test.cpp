// Both clients: what a connection is to, and answers that do not wait for the request.
#include <doctest/doctest.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include "fakes/responses_bodies.h"
#include "fakes/scripted_upstream.h"
#include "fakes/temp_folder.h"
#include "unit/upstream/loop_client.h"
#include "unit/upstream/tls_echo_server.h"

namespace responses_proxy {

namespace {

using boost::asio::ip::tcp;
using boost::asio::local::stream_protocol;
using testing::Call;
using testing::json_reply;
using testing::kClientUnderTest;
using testing::LoopClient;
using testing::Reply;
using testing::ScriptedUpstream;

constexpr std::size_t kLargeBody = 32'000'000;  // far more than sockets take

UpstreamRequest request_to(std::string url, std::string_view body = "{}") {
  UpstreamRequest request;
  request.method = "POST";
  request.url = std::move(url);
  request.body = body;
  return request;
}

}  // namespace

TEST_CASE("an error ends the sending of its request, and is read") {
  ScriptedUpstream upstream;
  Reply refused = json_reply({{"too", "large"}}, 413);
  refused.before_body = true;
  upstream.on_key("", {refused});
  const std::string body(kLargeBody, 'x');
  LoopClient loop;
  Call call(loop, request_to(upstream.base_url() + "/responses", body));
  call.start();
  REQUIRE(call.wait_for_end());
  CHECK(call.result().error == UpstreamError::none);
  CHECK(call.status() == 413);
  CHECK(call.body() == R"({"too":"large"})");
  CHECK(call.body_sent());
  Call next(loop, request_to(upstream.base_url() + "/responses"));
  next.start();
  REQUIRE(next.wait_for_end());
  CHECK(next.status() == 200);
  CHECK(upstream.counts().connections == 2);
}

TEST_CASE("an answer that begins before its request has been sent lets it be sent") {
  boost::asio::io_context context;
  tcp::acceptor acceptor(context, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
  const std::string body(kLargeBody, 'x');
  LoopClient loop;
  Call call(loop,
            request_to("http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/",
                       body));
  call.start();
  tcp::socket peer = acceptor.accept();
  std::string received;
  boost::asio::read_until(peer, boost::asio::dynamic_buffer(received), "\r\n\r\n");
  boost::asio::write(peer, boost::asio::buffer(std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                                                           "chunked\r\n\r\n5\r\nhello\r\n")));
  REQUIRE(call.wait_for_body(5));
  CHECK_FALSE(call.body_sent());
  received.erase(0, received.find("\r\n\r\n") + 4);
  std::string rest(body.size() - received.size(), '\0');
  boost::asio::read(peer, boost::asio::buffer(rest));
  CHECK((received + rest == body));
  boost::asio::write(peer, boost::asio::buffer(std::string("0\r\n\r\n")));
  REQUIRE(call.wait_for_end());
  CHECK(call.result().error == UpstreamError::none);
  CHECK(call.body() == "hello");
  CHECK(call.body_sent());
}

TEST_CASE("a Unix socket in place of an address, by path and by name, is kept as well") {
  const testing::TempFolder folder;
  const std::string path = folder.path() / "socket";
  const std::string name = "@responses-proxy-test-" + std::to_string(::getpid());
  for (const std::string& where : {path, name}) {
    CAPTURE(where);
    boost::asio::io_context context;
    const std::string bound = where == path ? path : '\0' + name.substr(1);
    stream_protocol::acceptor acceptor(context, stream_protocol::endpoint(bound));
    ScriptedUpstream upstream;
    LoopClient loop;
    // libcurl keeps those to a path only.
    const bool keeps = where == path || kClientUnderTest == UpstreamHttp::native;
    for (const bool again : {false, true}) {
      UpstreamRequest request = request_to("http://control/v1/responses");
      request.unix_socket = where;
      Call call(loop, std::move(request));
      call.start();
      if (!again || !keeps) upstream.adopt(acceptor.accept().release(), "");
      REQUIRE(call.wait_for_end());
      CHECK(call.status() == 200);
      CHECK(call.result().reused_connection == (again && keeps));
      CHECK(upstream.requests().back().headers.get("host") == "control");
    }
  }
  LoopClient loop;
  UpstreamRequest request = request_to("http://control/v1/responses");
  request.unix_socket = folder.path() / "nothing";
  Call call(loop, std::move(request));
  call.start();
  REQUIRE(call.wait_for_end());
  CHECK(call.result().error == UpstreamError::connect_refused);
  CHECK(call.result().detail.starts_with("nobody listens at control:80 ("));
}

TEST_CASE("how long name, connection and TLS have taken, one behind the other") {
  const testing::TempFolder folder;
  const testing::OwnCertificate certificate("DNS:localhost");
  testing::TlsEchoServer server(certificate);
  LoopClient loop(testing::trusting(certificate, folder));
  Call call(loop, request_to(server.url("localhost")));
  call.start();
  REQUIRE(call.wait_for_end());
  const UpstreamResult& over_tls = call.result();
  CHECK(over_tls.error == UpstreamError::none);
  CHECK(over_tls.resolve_time.count() > 0);
  CHECK(over_tls.connect_time > over_tls.resolve_time);
  CHECK(over_tls.tls_time > over_tls.connect_time);

  std::string plain = server.url("localhost");
  plain.erase(plain.find('s'), 1);
  Call refused(loop, request_to(plain));
  refused.start();
  REQUIRE(refused.wait_for_end());
  CHECK(refused.result().connect_time.count() > 0);
  CHECK(refused.result().tls_time.count() == 0);
}

}  // namespace responses_proxy
