// A client of a socket that does not read holds its upstream back, and loses nothing by it.
#include <doctest/doctest.h>

#include <functional>

#include "fakes/responses_bodies.h"
#include "fakes/scripted_socket_upstream.h"
#include "integration/session_client.h"
#include "integration/socket_client.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

constexpr std::size_t kDeltas = 1000;
constexpr std::size_t kDeltaBytes = 64 * 1024;

const std::string kCreated = R"({"type":"response.created","response":{"id":"resp_1"}})";
const std::string kCompleted =
    R"({"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[]}})";
std::string delta() {
  return dump({{"type", "response.output_text.delta"}, {"delta", std::string(kDeltaBytes, 'x')}});
}

// An upstream of one kind, whose first turn is a flood of 64 MB.
class Flood {
 public:
  explicit Flood(bool over_http) : over_http_(over_http) {
    if (over_http) {
      upstream.refuse_all(426);
      Reply reply;
      reply.headers = {{"Content-Type", "text/event-stream"}};
      reply.steps = {Step::write("data: " + kCreated + "\n\n"),
                     Step::write("data: " + delta() + "\n\n", kDeltas),
                     Step::write("data: " + kCompleted + "\n\n")};
      upstream.http().on_key("sk-a", {reply});
    } else {
      SocketScript script;
      script.answers = {SocketSteps{SocketStep::message(kCreated),
                                    SocketStep::message(delta(), kDeltas),
                                    SocketStep::message(kCompleted)}};
      upstream.on_connection({script});
    }
    config.resources = resources_at(upstream.base_url(), {"sk-a"});
  }

  std::uint64_t sent() const {
    return over_http_ ? upstream.http().counts().body_bytes : upstream.counts().sent_bytes;
  }
  bool wait_until_begun() {
    if (over_http_) {
      return upstream.http().wait_until([](const auto& c) { return c.body_bytes > kDeltaBytes; });
    }
    return upstream.wait_until([](const auto& c) { return c.sent_bytes > kDeltaBytes; });
  }
  // How far it got: until it has stood still while another client had 20 whole turns with the same
  // upstream, through the same loop. A flood that nobody stops is over before that.
  std::uint64_t where_it_stops(TestProxy& proxy) {
    SessionClient other(proxy);
    std::uint64_t before = 0;
    for (int quiet = 0; quiet < 20;) {
      REQUIRE(type_of(other.ask(create("hi")).back()) == "response.completed");
      // Those turns are sent as well: only what is more than they are counts as movement.
      const std::uint64_t now = sent();
      quiet = now - before < kDeltaBytes ? quiet + 1 : 0;
      before = now;
    }
    return before;
  }

  mutable ScriptedSocketUpstream upstream;
  Config config;

 private:
  const bool over_http_;
};

constexpr std::uint64_t kFarFromTheEnd = kDeltas * kDeltaBytes / 2;

void check_record(TestProxy& proxy) {
  REQUIRE(proxy.wait_until_idle());
  for (const RequestRecord& record : proxy.records().wait_for(1)) {
    if (record.response_id != "resp_1" || record.text_bytes < 1000) continue;
    CHECK(record.completed);
    CHECK(record.status_code == 200);
    CHECK(record.text_bytes == static_cast<std::int64_t>(kDeltas * kDeltaBytes));
    return;
  }
  FAIL("the flood is not on record");
}

}  // namespace

TEST_CASE("a session whose writer is full stops its upstream until the client reads on") {
  for (const bool over_http : {false, true}) {
    CAPTURE(over_http);
    Flood flood(over_http);
    TestProxy proxy(flood.config);
    SessionClient client(proxy);
    client.stop_reading();
    client.say(create("x"));
    REQUIRE(flood.wait_until_begun());
    CHECK(flood.where_it_stops(proxy) < kFarFromTheEnd);
    // One event makes it stop; what had been read of the same piece may follow.
    CHECK(client.received() < 10);
    client.read_on();
    std::size_t deltas = 0;
    for (const Json& event : client.turn()) {
      if (type_of(event) == "response.output_text.delta") ++deltas;
    }
    CHECK(deltas == kDeltas);
    check_record(proxy);
  }
}

TEST_CASE("a WebSocket client that does not read stops the upstream through all buffers") {
  for (const bool over_http : {false, true}) {
    CAPTURE(over_http);
    Flood flood(over_http);
    TestProxy proxy(flood.config);
    SocketClient client(proxy.port());
    REQUIRE(client.status() == 101);
    REQUIRE(client.send(create("x")));
    REQUIRE(flood.wait_until_begun());
    CHECK(flood.where_it_stops(proxy) < kFarFromTheEnd);
    const auto events = client.events_until("response.completed");
    CHECK(events.size() == kDeltas + 2);
    CHECK(text_of(events).size() == kDeltas * kDeltaBytes);
    check_record(proxy);
  }
}
