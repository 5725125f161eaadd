// The curl client: answers that do not come, or not to their end.
#include <doctest/doctest.h>

#include <boost/asio/ip/tcp.hpp>
#include <deque>
#include <vector>

#include "fakes/responses_bodies.h"
#include "fakes/scripted_upstream.h"
#include "unit/upstream/loop_client.h"

namespace responses_proxy {

namespace {

using boost::asio::ip::tcp;
using testing::Call;
using testing::json_reply;
using testing::LoopClient;
using testing::Reply;
using testing::ScriptedUpstream;
using testing::Step;

constexpr Millis kHour = std::chrono::hours(1);

UpstreamRequest post_to(const std::string& base_url, std::string_view body = "{}",
                        UpstreamTimeouts timeouts = {}) {
  UpstreamRequest request;
  request.method = "POST";
  request.url = base_url + "/responses";
  request.body = body;
  request.timeouts = timeouts;
  return request;
}

Reply reply_with(std::vector<Step> before_head, std::vector<Step> steps, Headers headers = {}) {
  Reply reply;
  reply.headers = std::move(headers);
  reply.steps = std::move(steps);
  reply.before_head = std::move(before_head);
  return reply;
}

// A socket that connects, or does not, but never answers.
struct DeadEnd {
  explicit DeadEnd(int backlog) {
    acceptor.open(tcp::v4());
    acceptor.bind({boost::asio::ip::address_v4::loopback(), 0});
    if (backlog >= 0) acceptor.listen(backlog);
  }
  std::string base_url() const {
    return "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
  }
  boost::asio::io_context context;
  tcp::acceptor acceptor{context};
};

struct Outcome {
  UpstreamError error;
  int status;
  std::string body;
};

Outcome outcome_of(const Reply& reply) {
  ScriptedUpstream upstream;
  upstream.on_key("", {reply});
  LoopClient loop;
  Call call(loop, post_to(upstream.base_url()));
  call.start();
  REQUIRE(call.wait_for_end());
  CHECK(call.result().detail.empty() == (call.result().error == UpstreamError::none));
  return {call.result().error, call.status(), call.body()};
}

}  // namespace

TEST_CASE("nobody listens") {
  const DeadEnd closed(-1);
  LoopClient loop;
  Call call(loop, post_to(closed.base_url()));
  call.start();
  REQUIRE(call.wait_for_end());
  CHECK(call.result().error == UpstreamError::connect);
  CHECK(call.status() == 0);
  CHECK_FALSE(call.result().reused_connection);
}

TEST_CASE("the connection does not come about in time") {
  DeadEnd full(0);
  std::deque<tcp::socket> waiting;  // fill the queue of connections nobody accepts
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back(full.context, tcp::v4());
    waiting.back().native_non_blocking(true);
    const tcp::endpoint there = full.acceptor.local_endpoint();
    ::connect(waiting.back().native_handle(), there.data(), static_cast<socklen_t>(there.size()));
  }
  LoopClient loop;
  Call call(loop, post_to(full.base_url(), "{}", {.connect = Millis(50)}));
  call.start();
  REQUIRE(call.wait_for_end());
  CHECK(call.result().error == UpstreamError::connect_timeout);
}

TEST_CASE("the connection is lost before the head") {
  CHECK(outcome_of(reply_with({Step::close()}, {})).error == UpstreamError::closed);
  CHECK(outcome_of(reply_with({Step::reset()}, {})).error == UpstreamError::closed);
  const Outcome half =
      outcome_of(reply_with({Step::write("HTTP/1.1 200 OK\r\nX-Half: 1"), Step::close()}, {}));
  CHECK(half.error == UpstreamError::closed);
  CHECK(half.status == 0);
}

TEST_CASE("the connection is lost in the middle of the body") {
  const Outcome counted = outcome_of(
      reply_with({}, {Step::write("short"), Step::close()}, {{"Content-Length", "100"}}));
  CHECK(counted.error == UpstreamError::truncated);
  CHECK(counted.status == 200);
  CHECK(counted.body == "short");
  const Outcome chunked = outcome_of(reply_with({}, {Step::write("short"), Step::close()}));
  CHECK(chunked.error == UpstreamError::truncated);
  CHECK(chunked.body == "short");
  CHECK(outcome_of(reply_with({}, {Step::write("short"), Step::reset()})).error ==
        UpstreamError::truncated);
}

TEST_CASE("a body that ends with the connection is whole") {
  const Outcome until_close =
      outcome_of(reply_with({Step::write("HTTP/1.1 200 OK\r\n\r\nall of it"), Step::close()}, {}));
  CHECK(until_close.error == UpstreamError::none);
  CHECK(until_close.body == "all of it");
}

TEST_CASE("what is not HTTP is told apart") {
  CHECK(outcome_of(reply_with({Step::write("SSH-2.0-OpenSSH_9.2\r\n"), Step::close()}, {})).error ==
        UpstreamError::protocol);
  const Outcome bad_chunk = outcome_of(reply_with(
      {Step::write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), Step::close()},
      {}));
  CHECK(bad_chunk.error == UpstreamError::truncated);
}

TEST_CASE("an error of the transport does not show the credential") {
  const DeadEnd closed(-1);
  LoopClient loop;
  UpstreamRequest request = post_to(closed.base_url());
  request.headers.add("Authorization", "Bearer sk-very-secret");
  Call call(loop, std::move(request));
  call.start();
  REQUIRE(call.wait_for_end());
  CHECK_FALSE(call.result().detail.empty());
  CHECK(call.result().detail.find("secret") == std::string::npos);
}

TEST_CASE("the first byte does not come in time") {
  ScriptedUpstream upstream;
  upstream.on_key("", {reply_with({Step::gate("never")}, {})});
  LoopClient loop;
  Call call(loop, post_to(upstream.base_url(), "{}", {.first_byte = Millis(10'000)}));
  call.start();
  REQUIRE(upstream.wait_for_requests(1));
  loop.clock.advance(kHour);
  REQUIRE(call.wait_for_end());
  CHECK(call.result().error == UpstreamError::first_byte_timeout);
  CHECK(call.status() == 0);
  CHECK(upstream.wait_for_aborted(1));
}

TEST_CASE("the time for the first byte begins when the request is sent") {
  const DeadEnd never_reads(5);
  const std::string body(64'000'000, 'x');
  ScriptedUpstream upstream;
  upstream.on_key("", {reply_with({Step::gate("never")}, {})});
  LoopClient loop;
  const UpstreamTimeouts timeouts{.first_byte = Millis(10'000)};
  Call sending(loop, post_to(never_reads.base_url(), body, timeouts));
  Call witness(loop, post_to(upstream.base_url(), "{}", timeouts));
  sending.start();
  witness.start();
  REQUIRE(upstream.wait_for_requests(1));
  CHECK_FALSE(sending.body_sent());
  loop.clock.advance(kHour);
  REQUIRE(witness.wait_for_end());  // so the deadlines were looked at
  CHECK(witness.result().error == UpstreamError::first_byte_timeout);
  CHECK_FALSE(sending.ended());
}

TEST_CASE("the body stops for too long") {
  ScriptedUpstream upstream;
  upstream.on_key("", {reply_with({}, {Step::write("first"), Step::stall()})});
  LoopClient loop;
  Call call(loop,
            post_to(upstream.base_url(), "{}", {.first_byte = Millis(1), .idle = Millis(10'000)}));
  call.start();
  REQUIRE(call.wait_for_body(5));
  loop.clock.advance(Millis(10'000));
  REQUIRE(call.wait_for_end());
  CHECK(call.result().error == UpstreamError::idle_timeout);
  CHECK(call.body() == "first");
}

TEST_CASE("a paused handler is not the upstream's idleness") {
  ScriptedUpstream upstream;
  upstream.set_default([](const auto&) {
    return reply_with({}, {Step::write("first"), Step::stall()});
  });
  LoopClient loop;
  const UpstreamTimeouts timeouts{.idle = Millis(10'000)};
  Call paused(loop, post_to(upstream.base_url(), "{}", timeouts));
  paused.in_body = [](std::string_view) { return false; };
  Call witness(loop, post_to(upstream.base_url(), "{}", timeouts));
  paused.start();
  witness.start();
  REQUIRE(paused.wait_for_body(5));
  REQUIRE(witness.wait_for_body(5));
  loop.clock.advance(kHour);
  REQUIRE(witness.wait_for_end());
  CHECK_FALSE(paused.ended());
  loop.run([&] { paused.resume(); });  // from here on it counts again
  loop.clock.advance(kHour);
  REQUIRE(paused.wait_for_end());
  CHECK(paused.result().error == UpstreamError::idle_timeout);
}

TEST_CASE("the whole exchange takes too long") {
  ScriptedUpstream upstream;
  upstream.set_default([](const testing::RecordedRequest& request) {
    return request.body == "head" ? reply_with({}, {Step::write("first"), Step::stall()})
                                  : reply_with({Step::gate("never")}, {});
  });
  LoopClient loop;
  const UpstreamTimeouts timeouts{.total = Millis(300)};
  Call silent(loop, post_to(upstream.base_url(), "silent", timeouts));
  Call stalled(loop, post_to(upstream.base_url(), "head", timeouts));
  silent.start();
  stalled.start();
  REQUIRE(silent.wait_for_end());
  REQUIRE(stalled.wait_for_end());
  CHECK(silent.result().error == UpstreamError::total_timeout);
  CHECK(stalled.result().error == UpstreamError::total_timeout);
  CHECK(stalled.body() == "first");
}

}  // namespace responses_proxy
