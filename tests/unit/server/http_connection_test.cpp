#include "server/http_connection.h"

#include <doctest/doctest.h>

#include "unit/server/connection_rig.h"

namespace responses_proxy::testing {

namespace {

constexpr const char* kGet = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void answer(ResponseWriter& writer, const std::string& body, ResponseHead head = {}) {
  writer.start(std::move(head));
  writer.write(body);
  writer.finish();
}

ConnectionRig::Serve echo() {
  return [](const Request& request, const std::shared_ptr<ResponseWriter>& writer) {
    answer(*writer, request.method + " " + request.path + " " + request.body);
  };
}

std::string body_of(const std::string& answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "" : answer.substr(end + 4);
}

}  // namespace

// ---- reading ----

TEST_CASE("a request behind pipelined ones is read as it was sent") {
  ConnectionRig rig;
  rig.serve_with(echo());
  // The second is read while the buffer waits for more, and empties it.
  rig.send(std::string(kGet) + "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
  rig.send("GET /c HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(rig.requests().size() == 3);
  CHECK(rig.requests()[1].body == "abc");
  CHECK(rig.requests()[2].path == "/c");
  CHECK(has(rig.receive(), "GET /c "));
}

TEST_CASE("requests of one connection, in any pieces") {
  const std::string bytes =
      "\r\nPOST /a?q HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc\r\n"
      "POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n"
      "Authorization: Bearer trailer\r\n\r\nGET /c HTTP/1.1\r\nHost: x\r\n\r\n";
  for (const std::size_t piece : {1U, 2U, 5U, 1000U}) {
    CAPTURE(piece);
    ConnectionRig rig;
    rig.serve_with(echo());
    for (std::size_t at = 0; at < bytes.size(); at += piece) rig.send(bytes.substr(at, piece));
    REQUIRE(rig.requests().size() == 3);
    CHECK(rig.requests()[0].path == "/a");
    CHECK(rig.requests()[0].query == "q");
    CHECK(rig.requests()[0].body == "abc");
    CHECK(rig.requests()[1].body == "de");
    CHECK_FALSE(rig.requests()[1].headers.find("authorization"));
    CHECK(rig.requests()[2].path == "/c");
    const std::string answers = rig.receive();
    CHECK(answers.find("POST /a abc") < answers.find("POST /b de"));
    CHECK(answers.find("POST /b de") < answers.find("GET /c "));
    CHECK(rig.open());
    CHECK_FALSE(rig.at_end());
  }
}

TEST_CASE("a body of many reads is what was sent, and what follows is the next request") {
  std::string body;
  for (int i = 0; body.size() < 60'000; ++i) body += std::to_string(i) + ' ';
  const std::string bytes =
      "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
      body + kGet;
  for (const std::size_t piece : {1'000U, 16'384U, 20'000U, 100'000U}) {
    CAPTURE(piece);
    ConnectionRig rig;
    rig.serve_with(echo());
    std::string answers;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      rig.send(bytes.substr(at, piece));
      answers += rig.receive();
    }
    REQUIRE(rig.requests().size() == 2);
    CHECK(rig.requests()[0].body == body);
    CHECK(rig.requests()[1].method == "GET");
    CHECK(has(answers, "POST /a " + body));
  }
}

TEST_CASE("a client that leaves in the middle of its body has sent no request") {
  ConnectionRig rig;
  rig.serve_with(echo());
  rig.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n" +
           std::string(20'000, 'a'));
  CHECK(rig.open());
  rig.hang_up();
  CHECK_FALSE(rig.open());
  CHECK(rig.requests().empty());
}

TEST_CASE("what cannot be read ends the connection after a 400, and what follows is no request") {
  const std::string post = "POST /a HTTP/1.1\r\nHost: x\r\n";
  for (const std::string& bytes :
       {post + "Transfer-Encoding: chunked, gzip\r\n\r\n",
        post + "Transfer-Encoding: gzip\r\nContent-Length: 3\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\n\r\n5\r\nabc\r\n0\r\n\r\n  ",
        std::string("POST /v1/responses/../x HTTP/1.1\r\nHost: x\r\n\r\n"),
        std::string("GET x HTTP/1.1\r\nHost: x\r\n\r\n"),
        std::string("GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n")}) {
    CAPTURE(bytes);
    ConnectionRig rig;
    rig.serve_with(echo());
    const std::string answer = rig.answer_to(bytes + kGet);
    CHECK(answer.starts_with("HTTP/1.1 400 "));
    CHECK(has(answer, "connection: close\r\n"));
    CHECK(has(answer, "date: Sat, 21 Nov 2026 00:00:00 GMT\r\n"));
    CHECK(answer.find("HTTP/1.1 ", 1) == std::string::npos);
    CHECK(rig.requests().empty());
    rig.receive();
    CHECK(rig.at_end());
  }
}

TEST_CASE("limits have their own answers") {
  ConnectionRig head;
  CHECK(head.answer_to("GET /" + std::string(9000, 'a')).starts_with("HTTP/1.1 431 "));
  ConnectionRig fields;
  std::string many = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 200; ++i) many += "a:b\r\n";
  CHECK(fields.answer_to(many).starts_with("HTTP/1.1 431 "));
  ConnectionRig body;
  const std::string large =
      "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ";
  CHECK(body.answer_to(large + "65537\r\n\r\n").starts_with("HTTP/1.1 413 "));
  ConnectionRig fits;
  CHECK(fits.answer_to(large + "65536\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST_CASE("100 Continue is not for a body that is there, nor said twice") {
  ConnectionRig rig;
  rig.serve_with(echo());
  const std::string head =
      "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
  CHECK(rig.answer_to(head) == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(rig.answer_to("a").empty());
  CHECK(rig.answer_to("bc").starts_with("HTTP/1.1 200 "));
  CHECK(rig.answer_to(head + "abc").starts_with("HTTP/1.1 200 "));
}

TEST_CASE("OPTIONS * is about the server") {
  ConnectionRig rig;
  const std::string answer = rig.answer_to("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(answer.starts_with("HTTP/1.1 204 "));
  CHECK(has(answer, "allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"));
  CHECK(rig.requests().empty());
  CHECK(rig.open());
}

// ---- browsers ----

TEST_CASE("a page of another site reaches nothing, a handshake neither") {
  ConnectionRig rig(BrowserGuard({{"https://app.example"}, {}, true}));
  rig.accept_sockets();
  const std::string answer = rig.answer_to(
      "GET /v1/responses HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  CHECK(answer.starts_with("HTTP/1.1 403 "));
  CHECK(has(answer, "\"code\":\"origin_not_allowed\""));
  CHECK(rig.sockets() == 0);
  CHECK(rig.requests().empty());
}

TEST_CASE("a name that is not ours reaches nothing, in a target neither") {
  for (const std::string start : {"GET / HTTP/1.1\r\nHost: evil.example\r\n",
                                  "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n"}) {
    ConnectionRig rig(BrowserGuard({{}, {}, true}));
    const std::string answer = rig.answer_to(start + "\r\n");
    CHECK(answer.starts_with("HTTP/1.1 403 "));
    CHECK(has(answer, "PROXY_ALLOWED_HOSTS"));
    CHECK(rig.requests().empty());
  }
}

TEST_CASE("an allowed page asks before, and reads the answer") {
  ConnectionRig rig(BrowserGuard({{"https://app.example"}, {}, true}));
  rig.serve_with(echo());
  const std::string from = "Host: localhost\r\nOrigin: https://app.example\r\n";
  const std::string asked = rig.answer_to("OPTIONS /v1/responses HTTP/1.1\r\n" + from +
                                          "Access-Control-Request-Method: POST\r\n\r\n");
  CHECK(asked.starts_with("HTTP/1.1 204 "));
  CHECK(has(asked, "access-control-allow-methods: GET, HEAD, POST,"));
  CHECK(rig.requests().empty());
  for (const std::string& answer : {asked, rig.answer_to("POST /a HTTP/1.1\r\n" + from + "\r\n")}) {
    CHECK(has(answer, "access-control-allow-origin: https://app.example\r\n"));
    CHECK(has(answer, "vary: Origin\r\n"));
  }
  // What was said for one request does not stay for the next.
  CHECK_FALSE(has(rig.answer_to("GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                  "access-control-allow-origin"));
}

TEST_CASE("an allowed page may read that its body is too large") {
  ConnectionRig rig(BrowserGuard({{"https://app.example"}, {}, true}));
  const std::string answer = rig.answer_to(
      "POST /a HTTP/1.1\r\nHost: localhost\r\nOrigin: https://app.example\r\n"
      "Content-Length: 70000\r\n\r\n");
  CHECK(answer.starts_with("HTTP/1.1 413 "));
  CHECK(has(answer, "access-control-allow-origin: https://app.example\r\n"));
}

// ---- answering ----

TEST_CASE("an error without an id of its own gets one, and nothing else does") {
  for (const char* bad : {"nonsense\r\n\r\n", "GET /a/../b HTTP/1.1\r\nHost: x\r\n\r\n",
                          "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n"}) {
    CAPTURE(bad);
    ConnectionRig rig;
    const std::string answer = rig.answer_to(bad);
    CHECK(answer.starts_with("HTTP/1.1 4"));
    CHECK(has(answer, "x-request-id: req_of_the_rig\r\n"));
  }
  ConnectionRig rig;
  const auto answer_with = [&](ResponseHead head) {
    rig.serve_with([&](const Request&, const std::shared_ptr<ResponseWriter>& writer) {
      answer(*writer, "x", head);
    });
    return rig.answer_to(kGet);
  };
  CHECK(has(answer_with({500, {}, {}}), "x-request-id: req_of_the_rig\r\n"));
  CHECK_FALSE(has(answer_with({200, {}, {}}), "x-request-id"));
  const std::string own = answer_with({502, {{"x-request-id", "req_own"}}, {}});
  CHECK(has(own, "x-request-id: req_own\r\n"));
  CHECK_FALSE(has(own, "req_of_the_rig"));
}

TEST_CASE("an answer that is longer than it said is cut, and the next one is in its place") {
  ConnectionRig rig;
  rig.serve_with([](const Request& request, const std::shared_ptr<ResponseWriter>& writer) {
    if (request.path == "/a") {
      answer(*writer, "0123456789HTTP/1.1 200 forged", {200, {}, 10});
    } else {
      answer(*writer, "second");
    }
  });
  const std::string first = rig.answer_to(kGet);
  CHECK(body_of(first) == "0123456789");
  CHECK(rig.answer_to("GET /b HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("\r\n\r\nsecond"));
}

TEST_CASE("an answer that is shorter than it said ends the connection") {
  for (const bool at_once : {true, false}) {
    ConnectionRig rig;
    rig.send(kGet);
    rig.write([](ResponseWriter& writer) { writer.start({200, {}, 353}); });
    if (at_once) {
      rig.write([](ResponseWriter& writer) {
        writer.write("0123456789");
        writer.finish();
      });
    } else {
      rig.write([](ResponseWriter& writer) { writer.write("0123456789"); });
      rig.write([](ResponseWriter& writer) { writer.finish(); });
    }
    CHECK(body_of(rig.receive()) == "0123456789");
    CHECK(rig.at_end());
  }
}

TEST_CASE("what is written out of turn goes nowhere") {
  ConnectionRig rig;
  rig.send(kGet);
  rig.write([](ResponseWriter& writer) {
    writer.write("before");
    writer.start({});
    writer.start({500, {}, {}});
    writer.write("body");
    writer.finish();
    writer.write("behind");
    writer.finish();
    writer.start({500, {}, {}});
  });
  rig.write([](ResponseWriter& writer) { writer.write("much later"); });
  const std::string answer = rig.receive();
  CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(body_of(answer) == "body");
  rig.serve_with(echo());
  CHECK(rig.answer_to(kGet).starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("a status that is no answer cuts the connection, and the exchange is told") {
  for (const int status : {0, 101, 103}) {
    ConnectionRig rig;
    rig.send(kGet);
    rig.write([&](ResponseWriter& writer) { writer.start({status, {}, {}}); });
    CHECK(rig.receive().empty());
    CHECK(rig.at_end());
    CHECK(rig.told_closed() == 1);
  }
}

TEST_CASE("an answer that never began and one that is aborted cut the connection") {
  ConnectionRig nothing;
  nothing.send(kGet);
  nothing.write([](ResponseWriter& writer) { writer.abort(); });
  CHECK_FALSE(nothing.open());
  ConnectionRig half;
  half.send(kGet);
  half.write([](ResponseWriter& writer) { writer.start({}); });
  half.write([](ResponseWriter& writer) {
    writer.write("half");
    writer.abort();
  });
  CHECK(half.receive().ends_with("4\r\nhalf\r\n"));
  CHECK(half.at_end());
  CHECK(half.told_closed() == 0);
}

TEST_CASE("HEAD gets no body, whatever is written") {
  ConnectionRig rig;
  rig.serve_with(echo());
  const std::string answer = rig.answer_to("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(has(answer, "content-length: 8\r\n"));
  CHECK(body_of(answer).empty());
  CHECK(body_of(rig.answer_to(kGet)) == "GET /a ");
}

TEST_CASE("an exchange waits while the client does not read, and goes on when it does") {
  ConnectionRig rig;
  rig.send(kGet);
  const std::string piece(16 * 1024, 'x');
  std::size_t written = 0;
  bool more = true;
  rig.write([](ResponseWriter& writer) { writer.start({}); });
  while (more) {
    rig.write([&](ResponseWriter& writer) { more = writer.write(piece); });
    written += piece.size();
    REQUIRE(written < 10 * HttpConnection::kHighWater);
  }
  CHECK(written > HttpConnection::kHighWater);
  CHECK(rig.told_writable() == 0);
  std::string received = rig.receive();
  CHECK(rig.told_writable() == 1);
  rig.write([](ResponseWriter& writer) { writer.finish(); });
  received += rig.receive();
  CHECK(received.ends_with("\r\n0\r\n\r\n"));
  CHECK(received.size() > written);
}

TEST_CASE("an exchange is told that its client has left") {
  ConnectionRig rig;
  rig.send(kGet);
  rig.hang_up();
  CHECK(rig.told_closed() == 1);
  CHECK_FALSE(rig.open());
  rig.write([](ResponseWriter& writer) { answer(writer, "for nobody"); });
}

// ---- time ----

TEST_CASE("each phase has its own deadline") {
  const HttpLimits limits = distinct_limits();
  struct {
    const char* what;
    std::string bytes;
    Millis limit;
  } const rows[] = {
      {"nothing has come", "", limits.idle_timeout},
      {"an empty line begins nothing", "\r\n", limits.idle_timeout},
      {"a request line has begun", "G", limits.head_timeout},
      {"a head has begun", "GET / HTTP/1.1\r\nHost: x\r\n", limits.head_timeout},
      {"a body is missing", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
       limits.body_timeout},
      {"a body has begun", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc",
       limits.body_timeout},
      {"a chunk has begun", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5",
       limits.body_timeout},
      {"it was refused and does not go away", "nonsense\r\n", limits.linger_timeout},
      {"its last answer was given", "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
       limits.linger_timeout},
      {"an answer was given", kGet, limits.idle_timeout},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    ConnectionRig rig;
    rig.serve_with(echo());
    rig.send(row.bytes);
    rig.receive();
    rig.pass(row.limit - Millis(1));
    CHECK(rig.open());
    rig.pass(Millis(1));
    CHECK_FALSE(rig.open());
  }
}

TEST_CASE("each byte of a body renews its deadline, no byte of a head does") {
  ConnectionRig body;
  body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n");
  for (int i = 0; i < 8; ++i) {
    body.pass(body.limits().body_timeout - Millis(1));
    body.send("x");
  }
  CHECK(body.open());
  ConnectionRig head;
  head.send("G");
  head.pass(head.limits().head_timeout - Millis(1));
  head.send("ET");
  head.pass(Millis(1));
  CHECK_FALSE(head.open());
}

TEST_CASE("an answer outlasts every deadline while the client takes it") {
  ConnectionRig rig;
  rig.send(kGet);
  rig.pass(std::chrono::hours(24));
  rig.write([](ResponseWriter& writer) { writer.start({}); });
  rig.pass(std::chrono::hours(24));
  rig.write([](ResponseWriter& writer) { writer.write("slowly"); });
  rig.pass(std::chrono::hours(24));
  rig.write([](ResponseWriter& writer) { writer.finish(); });
  CHECK(has(rig.receive(), "slowly"));
  CHECK(rig.open());
  // The next request has its whole time.
  rig.pass(rig.limits().idle_timeout - Millis(1));
  CHECK(rig.open());
}

TEST_CASE("a client that takes nothing of its answer is cut, one that takes some is not") {
  ConnectionRig rig;
  rig.send(kGet);
  rig.write([](ResponseWriter& writer) {
    writer.start({});
    writer.write(std::string(10 * HttpConnection::kHighWater, 'x'));
  });
  rig.pass(rig.limits().write_timeout - Millis(1));
  CHECK(rig.open());
  CHECK_FALSE(rig.receive().empty());
  rig.write([](ResponseWriter& writer) {
    writer.write(std::string(10 * HttpConnection::kHighWater, 'x'));
  });
  rig.pass(rig.limits().write_timeout - Millis(1));
  CHECK(rig.open());
  CHECK(rig.told_closed() == 0);
  rig.pass(Millis(1));
  CHECK_FALSE(rig.open());
  CHECK(rig.told_closed() == 1);
}

// ---- draining ----

TEST_CASE("draining closes a connection between requests, and another after its answer") {
  ConnectionRig idle;
  idle.drain();
  CHECK_FALSE(idle.open());
  ConnectionRig busy;
  busy.send(kGet);
  busy.drain();
  CHECK(busy.open());
  busy.write([](ResponseWriter& writer) { answer(writer, "last"); });
  const std::string last = busy.receive();
  CHECK(has(last, "connection: close\r\n"));
  CHECK(body_of(last) == "last");
  CHECK(busy.at_end());
}

}  // namespace responses_proxy::testing
