// Both clients, where private addresses are forbidden.
#include <doctest/doctest.h>

#include "fakes/responses_bodies.h"
#include "fakes/scripted_socket_upstream.h"
#include "unit/upstream/loop_client.h"
#include "unit/upstream/loop_sockets.h"

namespace responses_proxy {

namespace {

using testing::Call;
using testing::LoopClient;
using testing::LoopSockets;
using testing::ScriptedSocketUpstream;
using testing::SocketCall;

constexpr std::string_view kWhy = "PROXY_ALLOW_PRIVATE_UPSTREAMS=false";

// By number and by name.
std::vector<std::string> urls_of(const ScriptedSocketUpstream& upstream) {
  std::string named = upstream.base_url();
  named.replace(named.find("127.0.0.1"), 9, "localhost");
  return {upstream.base_url() + "/responses", named + "/responses"};
}

}  // namespace

TEST_CASE("the HTTP client connects to no private address, whatever name led there") {
  ScriptedSocketUpstream upstream;
  UpstreamClientOptions options;
  options.allow_private = false;
  LoopClient loop(options);
  for (const std::string& url : urls_of(upstream)) {
    UpstreamRequest request;
    request.method = "GET";
    request.url = url;
    Call call(loop, request);
    call.start();
    REQUIRE(call.wait_for_end());
    CHECK(is_connect_failure(call.result().error));
    CHECK(call.result().detail.find(kWhy) != std::string::npos);
    CHECK(call.status() == 0);
  }
}

TEST_CASE("nor does the one for WebSocket") {
  ScriptedSocketUpstream upstream;
  UpstreamSocketOptions options;
  options.allow_private = false;
  LoopSockets loop(options);
  for (const std::string& url : urls_of(upstream)) {
    SocketCall call(loop, {url, {}, Millis(30'000)});
    call.start();
    REQUIRE(call.wait_for_open());
    CHECK(is_connect_failure(call.opened().error));
    CHECK(call.opened().detail.find(kWhy) != std::string::npos);
  }
}

}  // namespace responses_proxy
