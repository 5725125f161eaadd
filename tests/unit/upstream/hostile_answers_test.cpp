// Both clients: answers that break the rules of HTTP, byte by byte.
#include <doctest/doctest.h>

#include "fakes/compressed.h"
#include "fakes/responses_bodies.h"
#include "fakes/scripted_upstream.h"
#include "unit/upstream/loop_client.h"

namespace responses_proxy {

namespace {

using testing::Call;
using testing::json_reply;
using testing::LoopClient;
using testing::Reply;
using testing::ScriptedUpstream;
using testing::Step;

UpstreamRequest request_to(const ScriptedUpstream& upstream, std::string method = "POST") {
  UpstreamRequest request;
  request.method = std::move(method);
  request.url = upstream.base_url() + "/responses";
  if (request.method == "POST") request.body = "{}";
  return request;
}

Reply raw(std::string bytes, Step last = Step::close()) {
  Reply reply;
  reply.before_head = {Step::write(std::move(bytes)), std::move(last)};
  return reply;
}

struct Outcome {
  UpstreamError error;
  std::string detail;
  int status;
  Headers headers;
  std::string body;
};

// What the handler sees of these bytes; afterwards the client must serve a sane answer.
Outcome outcome_of(const Reply& reply, const std::string& method = "POST") {
  ScriptedUpstream upstream;
  upstream.add({.key = "", .method = method, .path = "", .replies = {reply}});
  LoopClient loop;
  Outcome outcome{};
  {
    Call call(loop, request_to(upstream, method));
    // A body without a head before it would come here first.
    call.in_body = [&](std::string_view) {
      CHECK(call.heads() == 1);
      return true;
    };
    call.start();
    REQUIRE(call.wait_for_end());
    CHECK(call.heads() == (call.status() == 0 ? 0 : 1));
    outcome = {call.result().error, call.result().detail, call.status(), call.headers(),
               call.body()};
  }
  // A request that meets the end of a kept connection is lost, since a POST is not sent twice.
  const bool closes =
      !reply.before_head.empty() && reply.before_head.back().kind == Step::Kind::close;
  if (closes) {
    CHECK(upstream.wait_until(
        [](const testing::UpstreamCounts& c) { return c.open_connections == 0; }));
  }
  Call next(loop, request_to(upstream));
  next.start();
  REQUIRE(next.wait_for_end());
  CHECK(next.status() == 200);
  CHECK(next.body().find("Hello from") != std::string::npos);
  return outcome;
}

}  // namespace

TEST_CASE("what has no final head is no answer") {
  for (const char* bytes : {
           "HTTP/1.1 101 X\r\n\r\nhello",
           "HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
           "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 X\r\n\r\nhello",
           "HTTP/1.1 100 Continue\r\n\r\nhello",
           "HTTP/1.1 103 Early Hints\r\n\r\n{\"a\":1}\r\n\r\n",
           "HTTP/1.1 abc\r\n\r\nhello",
           "HTTP/1.1 000 Zero\r\n\r\nhello",
           "HTTP/1.1 42 Low\r\n\r\nhello",
           "HTTP/1.1 2000 Many\r\n\r\nhello",
           "HTTP/0.9 200 OK\r\n\r\nhello",
           "HTTP/9.9 200 OK\r\n\r\nhello",
           "hello",
           "{\"id\":\"resp_1\"}\n",
           "\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhello",
           "SSH-2.0-OpenSSH_9.2\r\n",
           "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
       }) {
    CAPTURE(bytes);
    const Outcome outcome = outcome_of(raw(bytes));
    CHECK(outcome.error == UpstreamError::protocol);
    CHECK_FALSE(outcome.detail.empty());
    CHECK(outcome.status == 0);
    CHECK(outcome.body.empty());
  }
}

TEST_CASE("heads that are cut off") {
  for (const char* bytes :
       {"HTTP/1.1 200 OK\r\nX-Half: 1", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n", "HTTP/1.1 2"}) {
    for (const Step& last : {Step::close(), Step::reset()}) {
      CAPTURE(bytes);
      const Outcome outcome = outcome_of(raw(bytes, last));
      CHECK((outcome.error == UpstreamError::closed || outcome.error == UpstreamError::protocol));
      CHECK(outcome.status == 0);
    }
  }
}

TEST_CASE("status lines that can be read are answers, whatever their form") {
  struct Row {
    const char* status_line;
    int status;
  };
  for (const Row& row :
       {Row{"HTTP/1.1 200", 200}, Row{"HTTP/1.1 200 ", 200}, Row{"HTTP/1.1  200 OK", 200},
        Row{"HTTP/1.0 200 OK", 200}, Row{"HTTP/1.1 429 Too Many\tRequests", 429},
        Row{"HTTP/1.1 599 Odd", 599}, Row{"HTTP/1.1 201 HTTP/1.1 500 No", 201}}) {
    CAPTURE(row.status_line);
    const Outcome outcome = outcome_of(raw(std::string(row.status_line) + "\r\n\r\nhello"));
    CHECK(outcome.error == UpstreamError::none);
    CHECK(outcome.status == row.status);
    CHECK(outcome.body == "hello");
  }
}

TEST_CASE("framings that nobody can rely on are no answers") {
  for (const char* fields : {
           "Content-Length: 5\r\nContent-Length: 6",
           "Content-Length: 5, 6",
           "Content-Length: 5x",
           "Content-Length: -5",
           "Content-Length: +5",
           "Content-Length: 0x5",
           "Content-Length: 5 5",
           "Content-Length:",
           "Content-Length: 99999999999999999999",
           "Content-Length : 5",
           "Content-Length:\r\n 5",
           "Transfer-Encoding : chunked",
           "Transfer-Encoding:\r\n chunked",
           "Transfer-Encoding: gzip, chunked",
           "Transfer-Encoding: chunked, chunked",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
           "Transfer-Encoding: gzip",
           "Transfer-Encoding: identity",
           "Transfer-Encoding: xchunked",
           "Transfer-Encoding:",
       }) {
    CAPTURE(fields);
    const Outcome outcome = outcome_of(
        raw("HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
    CHECK(outcome.error == UpstreamError::protocol);
    CHECK(outcome.status == 0);
    CHECK(outcome.body.empty());
  }
}

TEST_CASE("the content-length that a handler sees counts its body") {
  struct Row {
    const char* fields;
    const char* body;
    const char* length;  // "" = no such field
  };
  for (const Row& row :
       {Row{"Content-Length: 5", "hello", "5"}, Row{"Content-Length: 5, 5", "hello", "5"},
        Row{"Content-Length: 5\r\ncontent-length: 5", "hello", "5"},
        Row{"Content-Length: 5", "hello and more", "5"},
        Row{"Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n", ""},
        Row{"Transfer-Encoding: Chunked\r\nContent-Length: 3", "5\r\nhello\r\n0\r\n\r\n", ""},
        Row{"Content-Length: 353\r\nTransfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n", ""},
        Row{"X-None: 1", "hello", ""}}) {
    CAPTURE(row.fields);
    const Outcome outcome =
        outcome_of(raw("HTTP/1.1 200 OK\r\n" + std::string(row.fields) + "\r\n\r\n" + row.body));
    CHECK(outcome.error == UpstreamError::none);
    CHECK(outcome.body == "hello");
    CHECK(outcome.headers.get("content-length") == row.length);
    CHECK_FALSE(outcome.headers.find("transfer-encoding"));
  }
  const Outcome none = outcome_of(raw("HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello"));
  CHECK(none.error == UpstreamError::none);
  CHECK(none.body.empty());
  CHECK_FALSE(none.headers.find("content-length"));
  const Outcome head = outcome_of(
      raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\n"), "HEAD");
  CHECK(head.headers.get("content-length") == "5");
  CHECK(head.headers.get("content-encoding") == "gzip");
}

TEST_CASE("chunks have extensions and trailers; what is no chunk ends the answer") {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const Outcome good = outcome_of(raw(head + "2;a=b;c=\"d\"\r\nhe\r\n003\r\nllo\r\n"
                                             "0;last\r\nX-Trailer: 1\r\nX-Other: 2\r\n\r\n"));
  CHECK(good.error == UpstreamError::none);
  CHECK(good.body == "hello");
  CHECK_FALSE(good.headers.find("x-trailer"));
  for (const char* chunks :
       {"x\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n", "5\r\nhello, world\r\n0\r\n\r\n"}) {
    CAPTURE(chunks);
    const Outcome outcome = outcome_of(raw(head + chunks));
    CHECK(outcome.error == UpstreamError::truncated);
    CHECK(outcome.status == 200);
    CHECK(outcome.body.size() <= 5);
  }
}

TEST_CASE("no byte that came behind an answer stands in front of the next") {
  const std::string stray = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nSTRAY";
  for (const char* head :
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 204 No\r\n\r\n", "HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n"}) {
    for (const bool at_once : {true, false}) {
      CAPTURE(head);
      CAPTURE(at_once);
      ScriptedUpstream upstream;
      Reply reply;
      reply.before_head = {Step::write(at_once ? head + stray : head)};
      if (!at_once) {
        reply.before_head.push_back(Step::gate("answered"));
        reply.before_head.push_back(Step::write(stray));
      }
      upstream.on_key("", {reply});
      LoopClient loop;
      Call first(loop, request_to(upstream));
      first.start();
      REQUIRE(first.wait_for_end());
      CHECK(first.result().error == UpstreamError::none);
      upstream.open_gate("answered");
      const std::size_t sent = std::string(head).size() + stray.size();
      REQUIRE(upstream.wait_until(
          [&](const auto& counts) { return counts.body_bytes >= sent || counts.aborted == 1; }));
      Call next(loop, request_to(upstream));
      next.start();
      REQUIRE(next.wait_for_end());
      CHECK(next.body().find("Hello from") != std::string::npos);
      if (!at_once) CHECK(upstream.requests().back().connection == 2);
    }
  }
}

TEST_CASE("an answer whose framing is doubtful ends its connection") {
  ScriptedUpstream upstream;
  Reply doubtful;
  doubtful.before_head = {
      Step::write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "5\r\nhello\r\n0\r\n\r\n"),
      Step::stall()};
  upstream.on_key("", {doubtful});
  LoopClient loop;
  Call call(loop, request_to(upstream));
  call.start();
  REQUIRE(call.wait_for_end());
  CHECK(upstream.wait_for_aborted(1));
}

TEST_CASE("fields: folded, nameless, with controls, and far too many") {
  const Outcome odd = outcome_of(raw(
      "HTTP/1.1 200 OK\r\n X-Before: 1\r\nX-Folded: one\r\n  two\r\n\tthree: 3\r\nX-Blank : b\r\n"
      "X Bad: 1\r\nX-Cr: a\rX-Split: b\r\nX-Last: 1\r\nContent-Length: 5\r\n\r\nhello"));
  if (odd.error == UpstreamError::none) {  // else a client has refused it
    CHECK(odd.body == "hello");
    CHECK(odd.headers.get("x-folded") == "one two three: 3");
    CHECK(odd.headers.get("x-blank") == "b");
    CHECK(odd.headers.get("x-cr") == "a X-Split: b");
    CHECK(odd.headers.get("x-last") == "1");
    CHECK(odd.headers.size() == 5);
  } else {
    CHECK(odd.error == UpstreamError::protocol);
  }
  const std::string nul = "HTTP/1.1 200 OK\r\nX-Nul: a" + std::string(1, '\0') + "b\r\n\r\nhello";
  const Outcome with_nul = outcome_of(raw(nul));
  CHECK(with_nul.headers.get("x-nul").find('\0') == std::string_view::npos);

  std::string many = "HTTP/1.1 200 OK\r\n";
  while (many.size() <= UpstreamClient::kMaxHeadBytes)
    many += "X-Many: " + std::string(900, 'x') + "\r\n";
  const Outcome large = outcome_of(raw(many + "\r\nhello"));
  CHECK(large.error == UpstreamError::protocol);
  CHECK(large.status == 0);
  std::string interim;
  while (interim.size() <= UpstreamClient::kMaxHeadBytes)
    interim += "HTTP/1.1 100 Continue\r\n\r\n";
  CHECK(outcome_of(raw(interim + "HTTP/1.1 200 OK\r\n\r\nhello")).error == UpstreamError::protocol);
}

// libcurl 7.88 kept the last header of the answer before as the one to continue, and had freed it.
TEST_CASE("a folded line at the head of an answer continues nothing of the answer before") {
  ScriptedUpstream upstream;
  Reply on_kept_connection;
  on_kept_connection.before_head = {
      Step::write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-First: secret\r\n\r\nhello")};
  upstream.on_key("", {on_kept_connection,
                       raw("HTTP/1.1 200 OK\r\n  folded\r\nContent-Length: 5\r\n\r\nworld")});
  LoopClient loop;
  Call first(loop, request_to(upstream));
  first.start();
  REQUIRE(first.wait_for_end());
  CHECK(first.headers().get("x-first") == "secret");
  Call next(loop, request_to(upstream));
  next.start();
  REQUIRE(next.wait_for_end());
  CHECK(next.result().reused_connection);
  CHECK_FALSE(next.headers().find("x-first"));
  CHECK((next.body() == "world" || next.result().error == UpstreamError::protocol));
}

TEST_CASE("codings that nobody asked for are taken off") {
  const std::string text = R"({"id":"resp_1"})" + std::string(100'000, ' ');
  const std::string zlib = testing::deflated(text, 15);
  struct Row {
    std::string coding;
    std::string body;
  };
  for (const Row& row : {Row{"gzip", testing::gzip(text)}, Row{"x-gzip", testing::gzip(text)},
                         Row{"deflate", zlib}, Row{"zstd", testing::zstd(text)},
                         Row{"gzip, deflate", testing::deflated(testing::gzip(text), 15)},
                         Row{"identity, gzip", testing::gzip(text)}}) {
    CAPTURE(row.coding);
    Reply reply;
    reply.body = row.body;
    reply.headers = {{"Content-Encoding", row.coding}, {"X-Own", "1"}};
    const Outcome outcome = outcome_of(reply);
    CHECK(outcome.error == UpstreamError::none);
    CHECK((outcome.body == text));
    CHECK_FALSE(outcome.headers.find("content-encoding"));
    CHECK_FALSE(outcome.headers.find("content-length"));
    CHECK(outcome.headers.get("x-own") == "1");
  }
  Reply plain = json_reply({{"ok", true}});
  plain.headers.add("Content-Encoding", "identity");
  const Outcome outcome = outcome_of(plain);
  CHECK(outcome.body == R"({"ok":true})");
  CHECK_FALSE(outcome.headers.find("content-encoding"));
  CHECK(outcome.headers.get("content-length") == "11");
}

TEST_CASE("a coding that is not known, or not what it says, is no answer") {
  const std::string text(100'000, 'x');
  std::string corrupt = testing::gzip(text);
  corrupt[corrupt.size() / 2] = static_cast<char>(~corrupt[corrupt.size() / 2]);
  struct Row {
    const char* coding;
    std::string body;
  };
  for (const Row& row : {Row{"compress", "xx"}, Row{"aes128gcm", "xx"}, Row{"gzip, x", "xx"},
                         Row{"gzip", "no gzip"}, Row{"gzip", corrupt}, Row{"zstd", "no zstd"}}) {
    CAPTURE(row.coding);
    Reply reply;
    reply.body = row.body;
    reply.headers = {{"Content-Encoding", row.coding}};
    const Outcome result = outcome_of(reply);
    CHECK(result.error == UpstreamError::protocol);
    CHECK_FALSE(result.detail.empty());
  }
}

TEST_CASE("who asks for a coding gets it as it came") {
  ScriptedUpstream upstream;
  Reply reply;
  reply.body = testing::gzip("text");
  reply.headers = {{"Content-Encoding", "gzip"}};
  upstream.on_key("", {reply});
  LoopClient loop;
  UpstreamRequest request = request_to(upstream);
  request.headers.add("Accept-Encoding", "gzip");
  Call call(loop, std::move(request));
  call.start();
  REQUIRE(call.wait_for_end());
  CHECK(upstream.requests().at(0).headers.get("accept-encoding") == "gzip");
  CHECK(call.body() == reply.body);
  CHECK(call.headers().get("content-encoding") == "gzip");
  CHECK(call.headers().get("content-length") == std::to_string(reply.body.size()));
}

TEST_CASE("a request that may have been carried out is not sent again") {
  // The second request on the connection is read, and then the connection ends without an answer.
  for (const char* method : {"POST", "PATCH", "GET", "DELETE"}) {
    const bool again = std::string(method) == "GET" || std::string(method) == "DELETE";
    for (const Step& end : {Step::close(), Step::reset()}) {
      CAPTURE(method);
      ScriptedUpstream upstream;
      Reply lost;
      lost.before_head = {end};
      upstream.add(
          {.key = "", .method = method, .path = "", .replies = {json_reply({{"n", 1}}), lost}});
      LoopClient loop;
      Call first(loop, request_to(upstream, method));
      first.start();
      REQUIRE(first.wait_for_end());
      Call second(loop, request_to(upstream, method));
      second.start();
      REQUIRE(second.wait_for_end());
      CHECK(upstream.counts().requests == (again ? 3 : 2));
      CHECK((second.result().error == UpstreamError::none) == again);
      if (!again) CHECK(second.result().error == UpstreamError::closed);
    }
  }
}

}  // namespace responses_proxy
