// Both clients, where private addresses are forbidden.
#include <doctest/doctest.h>
#include <stdlib.h>

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

// By number, by name, and by what only a resolver takes for a number.
std::vector<std::string> urls_of(const ScriptedSocketUpstream& upstream) {
  std::vector<std::string> urls;
  for (const char* host : {"127.0.0.1", "localhost", "127.1"}) {
    std::string url = upstream.base_url();
    urls.push_back(url.replace(url.find("127.0.0.1"), 9, host) + "/responses");
  }
  return urls;
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

TEST_CASE("where private addresses are forbidden no proxy of the environment connects instead") {
  ScriptedSocketUpstream upstream;
  const std::string proxy = upstream.base_url().substr(0, upstream.base_url().rfind('/'));
  for (const bool allow_private : {true, false}) {
    CAPTURE(allow_private);
    UpstreamClientOptions options;
    options.allow_private = allow_private;
    ::setenv("http_proxy", proxy.c_str(), 1);
    // The native client knows no proxies: it is the choice between the two that counts.
    const bool native = testing::kClientUnderTest == UpstreamHttp::native;
    LoopClient loop(options, native ? UpstreamHttp::automatic : UpstreamHttp::curl);
    UpstreamRequest request;
    request.method = "GET";
    request.url = "http://name-that-only-the-proxy-knows.invalid/v1/models";
    Call call(loop, request);
    call.start();
    REQUIRE(call.wait_for_end());
    ::unsetenv("http_proxy");
    const bool went_through_it = call.result().error != UpstreamError::connect_name_not_found;
    CHECK(went_through_it == allow_private);
  }
}

}  // namespace responses_proxy
