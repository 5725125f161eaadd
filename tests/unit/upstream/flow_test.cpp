// Both clients: pausing, and transfers that are given up.
#include <doctest/doctest.h>

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

constexpr std::size_t kMegabyte = 1'000'000;

UpstreamRequest post_to(const ScriptedUpstream& upstream, const std::string& token = "sk-a") {
  UpstreamRequest request;
  request.method = "POST";
  request.url = upstream.base_url() + "/responses";
  request.headers = {{"Authorization", "Bearer " + token}};
  request.body = "{}";
  return request;
}

Reply flood(std::size_t megabytes) {
  Reply reply;
  reply.steps = {Step::write(std::string(kMegabyte / 10, 'x'), megabytes * 10)};
  return reply;
}

Reply stalling() {
  Reply reply;
  reply.steps = {Step::write("first"), Step::stall()};
  return reply;
}

// The client still works.
void check_next(ScriptedUpstream& upstream, LoopClient& loop) {
  Call next(loop, post_to(upstream, "sk-next"));
  next.start();
  REQUIRE(next.wait_for_end());
  CHECK(next.result().error == UpstreamError::none);
}

}  // namespace

TEST_CASE("while the handler is paused little is held, and nothing is lost") {
  ScriptedUpstream upstream;
  constexpr std::size_t kTotal = 64;
  upstream.on_key("sk-a", {flood(kTotal)});
  LoopClient loop;
  Call call(loop, post_to(upstream));
  bool paused = true;
  call.in_body = [&](std::string_view bytes) {
    CHECK(bytes.size() <= UpstreamClient::kInboxBytes);
    return !paused;
  };
  call.start();
  REQUIRE(call.wait_for_body(1));
  for (int i = 0; i < 300; ++i) check_next(upstream, loop);  // the loop turns, others flow
  CHECK(call.body_size() <= UpstreamClient::kInboxBytes);
  CHECK(upstream.counts().body_bytes < kTotal / 2 * kMegabyte);  // the rest waits up there

  for (int i = 0; i < 100; ++i) {
    const std::size_t before = call.body_size();
    loop.run([&] { call.resume(); });
    REQUIRE(call.wait_for_body(before + 1));
  }
  CHECK_FALSE(call.ended());
  loop.run([&] {
    paused = false;
    call.resume();
    call.resume();  // once is enough, twice does no harm
  });
  REQUIRE(call.wait_for_end());
  CHECK(call.result().error == UpstreamError::none);
  CHECK(call.body_size() == kTotal * kMegabyte);
}

TEST_CASE("the end waits for a paused handler") {
  ScriptedUpstream upstream;
  LoopClient loop;
  Call call(loop, post_to(upstream));
  call.in_body = [](std::string_view) { return false; };
  call.start();
  REQUIRE(call.wait_for_body(1));
  check_next(upstream, loop);
  CHECK_FALSE(call.ended());
  loop.run([&] { call.resume(); });
  CHECK(call.wait_for_end());
}

TEST_CASE("a transfer may be destroyed inside each callback") {
  for (const std::string where : {"head", "body", "end"}) {
    CAPTURE(where);
    ScriptedUpstream upstream;
    upstream.on_key("sk-a", {where == "end" ? json_reply({{"ok", true}}) : stalling()});
    LoopClient loop;
    Call call(loop, post_to(upstream));
    if (where == "head") call.in_head = [&] { call.let_go(); };
    if (where == "end") call.in_end = [&] { call.let_go(); };
    if (where == "body") {
      call.in_body = [&](std::string_view) {
        call.let_go();
        return true;
      };
    }
    call.start();
    REQUIRE(call.wait_for_head());
    if (where == "end") {
      CHECK(call.wait_for_end());
    } else {
      CHECK(upstream.wait_for_aborted(1));  // given up at once
      check_next(upstream, loop);
      CHECK_FALSE(call.ended());
      CHECK(call.body() == (where == "body" ? "first" : ""));
    }
    check_next(upstream, loop);
  }
}

TEST_CASE("a transfer that is destroyed inside on_body may ask for a pause as well") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {flood(4)});
  LoopClient loop;
  Call call(loop, post_to(upstream));
  call.in_body = [&](std::string_view) {
    call.let_go();
    return false;
  };
  call.start();
  REQUIRE(call.wait_for_body(1));
  check_next(upstream, loop);
  CHECK_FALSE(call.ended());
}

TEST_CASE("one transfer's callback may destroy another") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {stalling()});
  upstream.on_key("sk-b", {stalling()});
  LoopClient loop;
  Call first(loop, post_to(upstream, "sk-a"));
  Call second(loop, post_to(upstream, "sk-b"));
  const auto end_both = [&](std::string_view) {
    first.let_go();
    second.let_go();
    return true;
  };
  first.in_body = end_both;
  second.in_body = end_both;
  loop.run([&] {
    first.start_here();
    second.start_here();
  });
  CHECK(upstream.wait_until([](const auto& counts) { return counts.open_connections == 0; }));
  check_next(upstream, loop);
  CHECK_FALSE(first.ended());
  CHECK_FALSE(second.ended());
}

TEST_CASE("a transfer given up before its first byte, or before it was sent, tells nothing") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {[] {
                    Reply reply;
                    reply.before_head = {Step::gate("never")};
                    return reply;
                  }()});
  LoopClient loop;
  Call waiting(loop, post_to(upstream, "sk-a"));
  waiting.start();
  REQUIRE(upstream.wait_for_requests(1));
  loop.run([&] { waiting.let_go(); });
  CHECK(upstream.wait_for_aborted(1));
  Call at_once(loop, post_to(upstream, "sk-b"));
  loop.run([&] {
    at_once.start_here();
    at_once.let_go();
  });
  check_next(upstream, loop);
  CHECK(waiting.heads() == 0);
  CHECK_FALSE(waiting.ended());
  CHECK(at_once.heads() == 0);
  CHECK_FALSE(at_once.ended());
}

TEST_CASE("a paused transfer may be given up") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {flood(64)});
  LoopClient loop;
  Call call(loop, post_to(upstream));
  call.in_body = [](std::string_view) { return false; };
  call.start();
  REQUIRE(call.wait_for_body(1));
  loop.run([&] { call.let_go(); });
  CHECK(upstream.wait_for_aborted(1));
  check_next(upstream, loop);
}

}  // namespace responses_proxy
