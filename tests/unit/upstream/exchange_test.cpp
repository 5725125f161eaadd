// Both clients: requests and answers as they should be.
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <vector>

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

UpstreamRequest request_to(const ScriptedUpstream& upstream, std::string method,
                           std::string_view body = {}, Headers headers = {}) {
  UpstreamRequest request;
  request.method = std::move(method);
  request.url = upstream.base_url() + "/responses";
  request.headers = std::move(headers);
  request.body = body;
  return request;
}

Reply raw(std::string bytes) {
  Reply reply;
  reply.before_head = {Step::write(std::move(bytes)), Step::close()};
  return reply;
}

}  // namespace

TEST_CASE("an answer: head, body, end") {
  ScriptedUpstream upstream;
  Reply reply = json_reply({{"ok", true}}, 201);
  reply.headers.add("X-Twice", "1");
  reply.headers.add("X-Twice", "2: with colon");
  reply.headers.add("X-Empty", "");
  upstream.on_key("", {reply});
  LoopClient loop;
  Call call(loop, request_to(upstream, "POST", "{}"));
  call.start();
  REQUIRE(call.wait_for_end());
  CHECK(call.heads() == 1);
  CHECK(call.status() == 201);
  CHECK(call.body() == R"({"ok":true})");
  CHECK(call.result().error == UpstreamError::none);
  CHECK(call.result().detail.empty());
  CHECK_FALSE(call.result().reused_connection);
  const Headers headers = call.headers();
  CHECK(std::count_if(headers.begin(), headers.end(), [](const Header& field) {
          return equals_ignore_case(field.name, "x-twice");
        }) == 2);
  CHECK(headers.find("x-empty") == std::optional<std::string_view>(""));
}

TEST_CASE("nothing is delivered inside start()") {
  ScriptedUpstream upstream;
  LoopClient loop;
  Call good(loop, request_to(upstream, "POST", "{}"));
  UpstreamRequest nonsense;
  nonsense.method = "GET";
  nonsense.url = "no such protocol://";
  Call bad(loop, std::move(nonsense));
  loop.run([&] {
    good.start_here();
    bad.start_here();
    CHECK(good.heads() == 0);
    CHECK_FALSE(bad.ended());
  });
  CHECK(good.wait_for_end());
  REQUIRE(bad.wait_for_end());
  CHECK(bad.result().error != UpstreamError::none);
}

TEST_CASE("the request arrives as it was given, with accept-encoding as the only addition") {
  ScriptedUpstream upstream;
  LoopClient loop;
  UpstreamRequest request =
      request_to(upstream, "POST", R"({"a":1})",
                 {{"Authorization", "Bearer sk-a"}, {"X-Empty", ""}, {"X-Colon", "a:b; c"}});
  request.url += "/../x%2Fy/./z?q=a%20b&c";
  Call call(loop, std::move(request));
  call.start();
  REQUIRE(call.wait_for_end());
  const auto seen = upstream.requests().at(0);
  CHECK(seen.method == "POST");
  CHECK(seen.target == "/v1/responses/../x%2Fy/./z?q=a%20b&c");
  CHECK(seen.body == R"({"a":1})");
  CHECK(seen.headers.size() == 6);
  CHECK(seen.headers.get("authorization") == "Bearer sk-a");
  CHECK(seen.headers.find("x-empty") == std::optional<std::string_view>(""));
  CHECK(seen.headers.get("x-colon") == "a:b; c");
  CHECK(seen.headers.get("content-length") == "7");
  CHECK(seen.headers.get("accept-encoding") == "identity");
  CHECK(seen.headers.get("host") == "127.0.0.1:" + std::to_string(upstream.port()));
}

TEST_CASE("a Host that is given stands for the URL's") {
  ScriptedUpstream upstream;
  LoopClient loop;
  Call call(loop, request_to(upstream, "POST", "{}", {{"Host", "proxy.example:81"}}));
  call.start();
  REQUIRE(call.wait_for_end());
  const Headers seen = upstream.requests().at(0).headers;
  CHECK(seen.get("host") == "proxy.example:81");
  CHECK(std::count_if(seen.begin(), seen.end(),
                      [](const Header& field) { return field.id == FieldId::host; }) == 1);
}

TEST_CASE("accept and content-type go up when they are given") {
  ScriptedUpstream upstream;
  LoopClient loop;
  Call call(loop, request_to(upstream, "POST", "{}",
                             {{"accept", "text/event-stream"}, {"Content-Type", "application/x"}}));
  call.start();
  REQUIRE(call.wait_for_end());
  CHECK(upstream.requests().at(0).headers.get("accept") == "text/event-stream");
  CHECK(upstream.requests().at(0).headers.get("content-type") == "application/x");
}

TEST_CASE("methods with and without a body") {
  ScriptedUpstream upstream;
  upstream.set_default([](const auto&) { return json_reply({{"ok", true}}); });
  LoopClient loop;
  constexpr std::string_view kBody = "the body";
  struct Row {
    const char* method;
    bool with_body;
    const char* length;  // "" = no such header
  };
  for (const Row& row : {Row{"GET", false, ""}, Row{"DELETE", false, ""}, Row{"OPTIONS", false, ""},
                         Row{"POST", false, "0"}, Row{"PUT", false, "0"}, Row{"PATCH", false, "0"},
                         Row{"POST", true, "8"}, Row{"PATCH", true, "8"}, Row{"DELETE", true, "8"},
                         Row{"GET", true, "8"}}) {
    CAPTURE(row.method);
    CAPTURE(row.with_body);
    Call call(loop, request_to(upstream, row.method, row.with_body ? kBody : ""));
    call.start();
    REQUIRE(call.wait_for_end());
    CHECK(call.result().error == UpstreamError::none);
    CHECK(call.body() == R"({"ok":true})");
    const auto seen = upstream.requests().back();
    CHECK(seen.method == row.method);
    CHECK(seen.body == (row.with_body ? kBody : ""));
    CHECK(seen.headers.get("content-length") == row.length);
    CHECK_FALSE(seen.headers.find("transfer-encoding"));
    CHECK_FALSE(seen.headers.find("content-type"));
  }
}

TEST_CASE("HEAD has a head only") {
  ScriptedUpstream upstream;
  upstream.set_default([](const auto&) { return json_reply({{"ok", true}}); });
  LoopClient loop;
  Call call(loop, request_to(upstream, "HEAD"));
  call.start();
  REQUIRE(call.wait_for_end());
  CHECK(call.result().error == UpstreamError::none);
  CHECK(call.status() == 200);
  CHECK(call.body().empty());
}

TEST_CASE("connections are kept and used again, one per request under way") {
  ScriptedUpstream upstream;
  LoopClient loop;
  for (int i = 0; i < 3; ++i) {
    Call call(loop, request_to(upstream, "POST", "{}"));
    call.start();
    REQUIRE(call.wait_for_end());
    CHECK(call.result().reused_connection == (i > 0));
    CHECK(upstream.requests().back().connection == 1);
  }
  upstream.on_key("sk-slow", {testing::sse_stream("resp_1", {"a"}).insert(3, Step::gate("go"))});
  Call slow(loop, request_to(upstream, "POST", "{}", {{"Authorization", "Bearer sk-slow"}}));
  slow.start();
  REQUIRE(slow.wait_for_body(1));
  Call quick(loop, request_to(upstream, "POST", "{}"));
  quick.start();
  REQUIRE(quick.wait_for_end());
  CHECK(upstream.requests().back().connection == 2);
  upstream.open_gate("go");
  REQUIRE(slow.wait_for_end());
  CHECK(slow.result().error == UpstreamError::none);
  CHECK(upstream.counts().connections == 2);
}

TEST_CASE("a kept connection that the upstream has closed is replaced unseen") {
  ScriptedUpstream upstream;
  Reply last_words;
  last_words.headers = {{"Content-Length", "2"}};
  last_words.steps = {Step::write("ok"), Step::close()};
  upstream.on_key("", {last_words});
  LoopClient loop;
  for (int i = 0; i < 2; ++i) {
    Call call(loop, request_to(upstream, "POST", "{}"));
    call.start();
    REQUIRE(call.wait_for_end());
    CHECK(call.result().error == UpstreamError::none);
    CHECK(call.status() == 200);
    REQUIRE(upstream.wait_until_idle());
  }
  CHECK(upstream.counts().connections == 2);
}

TEST_CASE("interim answers and trailers stay unseen") {
  ScriptedUpstream upstream;
  upstream.on_key("",
                  {raw("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                       "HTTP/1.1 200 OK\r\nX-Own: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "2\r\nok\r\n0\r\nX-Trailer: 1\r\n\r\n")});
  LoopClient loop;
  Call call(loop, request_to(upstream, "POST", "{}"));
  call.start();
  REQUIRE(call.wait_for_end());
  CHECK(call.result().error == UpstreamError::none);
  CHECK(call.heads() == 1);
  CHECK(call.status() == 200);
  CHECK(call.body() == "ok");
  CHECK(call.headers().get("x-own") == "1");
  CHECK_FALSE(call.headers().find("link"));
  CHECK_FALSE(call.headers().find("x-trailer"));
}

TEST_CASE("a large body arrives whole, and is known to be sent") {
  ScriptedUpstream upstream;
  upstream.on_key("", {[] {
                    Reply reply = json_reply({{"ok", true}});
                    reply.insert(0, Step::gate("go"));
                    return reply;
                  }()});
  std::string body(5'000'000, 'x');
  for (std::size_t i = 0; i < body.size(); i += 997) body[i] = static_cast<char>('a' + i % 26);
  LoopClient loop;
  Call call(loop, request_to(upstream, "POST", body));
  loop.run([&] {
    call.start_here();
    CHECK_FALSE(call.body_sent_here());
  });
  REQUIRE(upstream.wait_for_requests(1));
  CHECK((upstream.requests()[0].body == body));
  REQUIRE(call.wait_for_head());
  CHECK(call.body_sent());
  upstream.open_gate("go");
  REQUIRE(call.wait_for_end());
  CHECK(call.body_sent());
}

TEST_CASE("many requests at once, and more out of the ends of others") {
  ScriptedUpstream upstream;
  LoopClient loop;
  std::deque<Call> calls;
  std::deque<Call> next;
  for (int i = 0; i < 40; ++i) {
    const std::string token = "Bearer sk-" + std::to_string(i);
    calls.emplace_back(loop, request_to(upstream, "POST", "{}", {{"Authorization", token}}));
    next.emplace_back(loop, request_to(upstream, "POST", "{}", {{"Authorization", token}}));
    calls.back().in_end = [&follower = next.back()] { follower.start_here(); };
  }
  loop.run([&] {
    for (Call& call : calls) call.start_here();
  });
  for (std::size_t i = 0; i < calls.size(); ++i) {
    REQUIRE(calls[i].wait_for_end());
    REQUIRE(next[i].wait_for_end());
    const std::string hello = "Hello from sk-" + std::to_string(i) + ".";
    CHECK(calls[i].body().find(hello) != std::string::npos);
    CHECK(next[i].body().find(hello) != std::string::npos);
  }
  CHECK(upstream.counts().requests == 80);
}

}  // namespace responses_proxy
