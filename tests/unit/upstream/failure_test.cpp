// Both clients: answers that do not come, or not to their end.
#include <doctest/doctest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <deque>
#include <vector>

#include "fakes/responses_bodies.h"
#include "fakes/scripted_upstream.h"
#include "fakes/wait_until.h"
#include "unit/upstream/loop_client.h"

namespace responses_proxy {

namespace {

using boost::asio::ip::tcp;
using testing::Call;
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
  CHECK(call.result().detail.empty() == (call.result().error != UpstreamError::protocol));
  return {call.result().error, call.status(), call.body()};
}

// Returns when the client has looked at its deadlines at this time or later; takes a millisecond of
// it.
void look_at_deadlines(LoopClient& loop) {
  ScriptedUpstream silent;
  silent.set_default([](const auto&) { return reply_with({Step::gate("never")}, {}); });
  Call witness(loop, post_to(silent.base_url(), "{}", {.first_byte = Millis(1)}));
  witness.start();
  REQUIRE(silent.wait_for_requests(1));
  loop.clock.advance(Millis(1));
  REQUIRE(witness.wait_for_end());
  loop.run([] {});  // what was overdue beside it has been told, too
}

// Returns when the client has read what had arrived before.
void read_what_is_there(LoopClient& loop) {
  ScriptedUpstream other;
  Call later(loop, post_to(other.base_url()));
  later.start();
  REQUIRE(later.wait_for_end());
}

}  // namespace

TEST_CASE("the connection does not come about in time") {
  DeadEnd full(0);
  std::deque<tcp::socket> waiting;  // fill the queue of connections nobody accepts
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back(full.context, tcp::v4());
    waiting.back().native_non_blocking(true);
    const tcp::endpoint there = full.acceptor.local_endpoint();
    (void)::connect(waiting.back().native_handle(), there.data(),
                    static_cast<socklen_t>(there.size()));
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

TEST_CASE("the first byte does not come in time") {
  ScriptedUpstream upstream;
  upstream.on_key("", {reply_with({Step::gate("never")}, {})});
  LoopClient loop;
  Call call(loop, post_to(upstream.base_url(), "{}", {.first_byte = Millis(10'000)}));
  call.start();
  REQUIRE(upstream.wait_for_requests(1));
  REQUIRE(testing::wait_until([&] { return call.body_sent(); }));  // from then on it waits
  loop.clock.advance(kHour);
  REQUIRE(call.wait_for_end());
  CHECK(call.result().error == UpstreamError::first_byte_timeout);
  CHECK(call.status() == 0);
  CHECK(upstream.wait_for_aborted(1));
}

TEST_CASE("neither interim answers nor header lines renew the time for the first byte") {
  for (const std::string dribble :
       {"HTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.1 200 OK\r\nX-Slow: 1\r\n"}) {
    CAPTURE(dribble);
    ScriptedUpstream upstream;
    upstream.on_key("",
                    {reply_with({Step::gate("late"), Step::write(dribble), Step::stall()}, {})});
    LoopClient loop;
    Call call(loop, post_to(upstream.base_url(), "{}", {.first_byte = Millis(10'000)}));
    call.start();
    REQUIRE(upstream.wait_for_requests(1));
    REQUIRE(testing::wait_until([&] { return call.body_sent(); }));
    look_at_deadlines(loop);
    loop.clock.advance(Millis(9'000));
    upstream.open_gate("late");
    REQUIRE(upstream.wait_until(
        [&](const auto& counts) { return counts.body_bytes >= dribble.size(); }));
    read_what_is_there(loop);
    CHECK_FALSE(call.ended());
    loop.clock.advance(Millis(1'000));
    look_at_deadlines(loop);
    REQUIRE(call.ended());
    CHECK(call.result().error == UpstreamError::first_byte_timeout);
  }
}

TEST_CASE("the time for the first byte begins when the request is sent") {
  DeadEnd upstream(5);
  const std::string body(16'000'000, 'x');
  LoopClient loop;
  Call call(loop, post_to(upstream.base_url(), body, {.first_byte = Millis(10'000)}));
  call.start();
  tcp::socket peer = upstream.acceptor.accept();
  loop.clock.advance(kHour);
  look_at_deadlines(loop);
  REQUIRE_FALSE(call.body_sent());
  CHECK_FALSE(call.ended());

  std::string received(body.size(), '\0');
  boost::asio::read(peer, boost::asio::buffer(received));
  REQUIRE(testing::wait_until([&] { return call.body_sent(); }));
  loop.clock.advance(Millis(9'000));
  look_at_deadlines(loop);
  CHECK_FALSE(call.ended());
  loop.clock.advance(Millis(1'000));
  look_at_deadlines(loop);
  REQUIRE(call.ended());
  CHECK(call.result().error == UpstreamError::first_byte_timeout);
}

TEST_CASE("an upstream that does not take the request") {
  DeadEnd upstream(5);
  const std::string body(16'000'000, 'x');
  LoopClient loop;
  Call call(loop,
            post_to(upstream.base_url(), body, {.first_byte = Millis(1), .idle = Millis(10'000)}));
  call.start();
  const tcp::socket peer = upstream.acceptor.accept();
  look_at_deadlines(loop);  // what the sockets take is taken
  look_at_deadlines(loop);
  loop.clock.advance(Millis(9'000));
  look_at_deadlines(loop);
  CHECK_FALSE(call.ended());
  loop.clock.advance(Millis(1'000));
  look_at_deadlines(loop);
  REQUIRE(call.ended());
  CHECK(call.result().error == UpstreamError::write_timeout);
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
