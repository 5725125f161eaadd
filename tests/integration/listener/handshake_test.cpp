// The opening handshake: what becomes a WebSocket, and what is answered over HTTP.
#include <doctest/doctest.h>

#include "integration/listener/socket_rig.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

std::string answer_to(SocketRig& rig, const std::string& request) {
  RawClient client(rig.port());
  client.send(request);
  return client.read_until("\r\n\r\n");
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string without(std::string request, const std::string& line) {
  const auto at = request.find(line);
  REQUIRE(at != std::string::npos);
  return request.erase(at, request.find("\r\n", at) + 2 - at);
}

}  // namespace

TEST_CASE("a handshake is completed and its session sees the request") {
  SocketRig rig;
  RawClient client(rig.port());
  client.send(handshake("", "/v1/responses?a=b"));
  const std::string answer = client.read_until("\r\n\r\n");
  CHECK(answer.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
  CHECK(has(answer, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  CHECK_FALSE(has(answer, "Sec-WebSocket-Extensions"));
  CHECK_FALSE(has(answer, "Sec-WebSocket-Protocol"));
  CHECK_FALSE(has(answer, "Beast"));
  CHECK(rig.log().wait_for([](const auto& seen) { return seen.opened == 1; }));
  CHECK(rig.log().seen().path == "/v1/responses?a=b");
  CHECK(rig.listener().open_sockets() == 1);
}

TEST_CASE("a subprotocol is not answered") {
  SocketRig rig;
  const std::string answer = answer_to(rig, handshake("Sec-WebSocket-Protocol: a, b\r\n"));
  CHECK(answer.starts_with("HTTP/1.1 101 "));
  CHECK_FALSE(has(answer, "Sec-WebSocket-Protocol"));
}

TEST_CASE("what is not accepted, or no handshake, is served like any request") {
  SocketRig rig;
  CHECK(answer_to(rig, handshake("Authorization: wrong\r\n")).starts_with("HTTP/1.1 426 "));
  CHECK(answer_to(rig, handshake("", "/admin/state")).starts_with("HTTP/1.1 200 "));
  CHECK(answer_to(rig, without(handshake(), "Upgrade: ")).starts_with("HTTP/1.1 426 "));
  CHECK(answer_to(rig, without(handshake(), "Connection: ")).starts_with("HTTP/1.1 426 "));
  std::string post = handshake();
  post.replace(0, 3, "POST");
  CHECK(answer_to(rig, post).starts_with("HTTP/1.1 426 "));
  CHECK(rig.log().seen().opened == 0);
}

TEST_CASE("a malformed handshake gets an error that says why") {
  SocketRig rig;
  for (const char* key : {"", "c2hvcnQ=", "dGhlIHNhbXBsZSBub25jZQ=!", "dGhlIHNhbXBsZSBub25jZQAA"}) {
    CAPTURE(key);
    const std::string answer =
        answer_to(rig, without(handshake(), "Sec-WebSocket-Key: ")
                           .insert(handshake().find("Upgrade"),
                                   "Sec-WebSocket-Key: " + std::string(key) + "\r\n"));
    CHECK(answer.starts_with("HTTP/1.1 400 "));
  }
  CHECK(answer_to(rig, without(handshake(), "Sec-WebSocket-Key: ")).starts_with("HTTP/1.1 400 "));
  RawClient client(rig.port());
  client.send(without(handshake("Sec-WebSocket-Version: 8\r\n"), "Sec-WebSocket-Version: 13"));
  const std::string answer = client.read_to_end();
  CHECK(answer.starts_with("HTTP/1.1 426 "));
  CHECK(has(answer, "sec-websocket-version: 13\r\n"));
  CHECK(has(answer, "unsupported_websocket_version"));
  CHECK(has(answer, "connection: close\r\n"));
  CHECK(rig.log().seen().opened == 0);
}

TEST_CASE("a handshake has one key and one version") {
  SocketRig rig;
  for (const char* second : {"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
                             "sec-websocket-key: other\r\n", "Sec-WebSocket-Key:\r\n",
                             "Sec-WebSocket-Version: 13\r\n", "sec-websocket-version: 8\r\n"}) {
    CAPTURE(second);
    RawClient client(rig.port());
    client.send(handshake(second));
    const std::string answer = client.read_to_end();
    CHECK(answer.starts_with("HTTP/1.1 400 "));
    CHECK(has(answer, "malformed_handshake"));
  }
  for (const char* version : {"13, 8", "8, 13", "13,13", "", "013", "1 3"}) {
    CAPTURE(version);
    std::string request = without(handshake(), "Sec-WebSocket-Version: ");
    request.insert(request.find("Upgrade"),
                   std::string("Sec-WebSocket-Version: ") + version + "\r\n");
    CHECK(answer_to(rig, request).starts_with("HTTP/1.1 426 "));
  }
  CHECK(rig.log().seen().opened == 0);
}

TEST_CASE("bytes that do not wait for the answer are refused") {
  SocketRig rig;
  CHECK(
      answer_to(rig, handshake() + encode({opcode::kText, "early"})).starts_with("HTTP/1.1 400 "));
  RawClient client(rig.port());
  client.send("GET /first HTTP/1.1\r\nHost: x\r\n\r\n" + handshake());
  const std::string answers = client.read_to_end();
  CHECK(answers.starts_with("HTTP/1.1 200 "));
  CHECK(has(answers, "HTTP/1.1 400 "));
  CHECK(rig.log().seen().opened == 0);
}

TEST_CASE("a connection that served requests can become a WebSocket") {
  SocketRig rig;
  RawClient client(rig.port());
  client.send("GET /first HTTP/1.1\r\nHost: x\r\n\r\n");
  client.read_until("\r\n\r\n");
  client.send(handshake());
  CHECK(has(client.read_until("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), " 101 "));
}
