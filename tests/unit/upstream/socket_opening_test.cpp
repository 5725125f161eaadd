#include "upstream/socket_opening.h"

#include <doctest/doctest.h>

#include "web_socket/handshake.h"

namespace responses_proxy {

namespace {

using Found = SocketOpening::Found;

const SocketTarget kTarget{false, "host", "80", "host:80", ""};

std::string line_of(const std::string& request, const std::string& name) {
  const std::size_t at = request.find(name + ": ") + name.size() + 2;
  return request.substr(at, request.find("\r\n", at) - at);
}

std::string consent(const SocketOpening& opening, const std::string& more = "") {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, "
         "Upgrade\r\nSec-WebSocket-Accept: " +
         socket_accept(line_of(opening.request(), "Sec-WebSocket-Key")) + "\r\n" + more + "\r\n";
}

// Of the answer in two pieces; `left`: what stands behind it.
Found answered(SocketOpening& opening, const std::string& answer, std::size_t cut,
               std::string* left = nullptr) {
  std::string_view bytes = std::string_view(answer).substr(0, cut);
  Found found = opening.take(bytes);
  if (found == Found::more) {
    bytes = std::string_view(answer).substr(cut);
    found = opening.take(bytes);
  }
  if (left != nullptr) *left = bytes;
  return found;
}

}  // namespace

TEST_CASE("a handshake is asked for and consented to, and frames stand behind it") {
  for (const bool interim : {false, true}) {
    for (std::size_t cut = 0; cut < 240; ++cut) {
      SocketOpening opening(kTarget, "/v1/responses?a=b", {{"Authorization", "Bearer x"}});
      REQUIRE(opening.request().starts_with("GET /v1/responses?a=b HTTP/1.1\r\nHost: host:80\r\n"));
      REQUIRE(opening.request().ends_with("Authorization: Bearer x\r\n\r\n"));
      const std::string answer =
          (interim ? "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" : "") + consent(opening);
      std::string left;
      REQUIRE(answered(opening, answer + "frames", std::min(cut, answer.size() - 1), &left) ==
              Found::open);
      REQUIRE(left.ends_with("frames"));
      REQUIRE(opening.result().status == 101);
      REQUIRE(opening.result().headers.get("upgrade") == "WebSocket");
    }
  }
}

TEST_CASE("what is no consent") {
  const auto objection = [](auto change) {
    SocketOpening opening(kTarget, "/", {});
    std::string answer = consent(opening);
    change(answer);
    CHECK(answered(opening, answer, 10) == Found::failed);
    CHECK(opening.result().error == UpstreamError::protocol);
    CHECK(opening.result().status == 0);
    return opening.result().detail;
  };
  const auto without = [](std::string field) {
    return [field](std::string& answer) { answer.replace(answer.find(field), 2, "X-"); };
  };
  CHECK(objection(without("Upgrade: ")).find("nobody asked") != std::string::npos);
  CHECK(objection(without("Connection: ")).find("nobody asked") != std::string::npos);
  CHECK(objection(without("Sec-WebSocket-Accept")).find("another handshake") != std::string::npos);
  const auto with = [](const std::string& field) {
    return [field](std::string& answer) { answer.insert(answer.size() - 2, field + "\r\n"); };
  };
  CHECK(objection(with("Sec-WebSocket-Extensions: permessage-deflate")).find("extension") !=
        std::string::npos);
  CHECK(objection(with("Sec-WebSocket-Protocol: chat")).find("subprotocol") != std::string::npos);
}

TEST_CASE("a refusal is read to its end, in whatever pieces") {
  const std::string answer =
      "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nslow \r\n4\r\ndown\r\n0\r\n\r\n";
  for (std::size_t cut = 0; cut < answer.size(); ++cut) {
    SocketOpening opening(kTarget, "/", {});
    REQUIRE(answered(opening, answer, cut) == Found::refused);
    REQUIRE(opening.result().status == 429);
    REQUIRE(opening.result().body == "slow down");
    REQUIRE(opening.result().headers.get("retry-after") == "7");
  }
}

TEST_CASE("a connection that ends under the handshake") {
  SocketOpening silent(kTarget, "/", {});
  CHECK(silent.lose(true) == Found::failed);
  CHECK(silent.result().error == UpstreamError::closed);
  SocketOpening cut(kTarget, "/", {});
  CHECK(answered(cut, "HTTP/1.1 500 X\r\nContent-Length: 9\r\n\r\nhalf", 0) == Found::more);
  CHECK(cut.lose(true) == Found::failed);
  CHECK(cut.result().error == UpstreamError::closed);
  SocketOpening until_close(kTarget, "/", {});
  CHECK(answered(until_close, "HTTP/1.0 403 X\r\n\r\nno", 0) == Found::more);
  CHECK(until_close.lose(true) == Found::refused);
  CHECK(until_close.result().body == "no");
}

TEST_CASE("a header with a line end in it is not sent") {
  CHECK(SocketOpening(kTarget, "/", {{"X-A", "b\r\nX-C: d"}}).request().empty());
}

}  // namespace responses_proxy
