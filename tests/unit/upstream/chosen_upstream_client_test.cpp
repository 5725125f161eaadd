// Who carries a request out: the native client, or libcurl through a proxy of the environment.
#include "upstream/chosen_upstream_client.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <map>

#include "fakes/scripted_upstream.h"
#include "unit/upstream/loop_client.h"

namespace responses_proxy {

namespace {

using testing::Call;
using testing::LoopClient;
using testing::ScriptedUpstream;

EnvironmentProxies proxies(const std::map<std::string, std::string>& variables) {
  return EnvironmentProxies::read([&](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

// libcurl reads the process's own.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* const name_;
};

UpstreamResult outcome_of(LoopClient& loop, const std::string& url) {
  UpstreamRequest request;
  request.method = "GET";
  request.url = url;
  Call call(loop, std::move(request));
  call.start();
  REQUIRE(call.wait_for_end());
  return call.result();
}

}  // namespace

TEST_CASE("which variables name a proxy for which URLs") {
  const std::string http = "http://api.example.com/v1";
  const std::string https = "https://api.example.com/v1";
  CHECK_FALSE(proxies({}).apply_to(https));
  CHECK_FALSE(proxies({{"https_proxy", ""}}).apply_to(https));
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    CHECK(proxies({{name, "http://proxy:3128"}}).apply_to(https));
  }
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) {
    CHECK(proxies({{name, "http://proxy:3128"}}).apply_to(http));
  }
  CHECK_FALSE(proxies({{"HTTP_PROXY", "http://proxy:3128"}}).apply_to(http));
  CHECK_FALSE(proxies({{"http_proxy", "http://proxy:3128"}}).apply_to(https));
  CHECK_FALSE(proxies({{"https_proxy", "http://proxy:3128"}}).apply_to(http));
}

TEST_CASE("what no_proxy excepts; what it may mean besides is libcurl's to find out") {
  const auto applies = [](const std::string& rules, const std::string& host) {
    return proxies({{"all_proxy", "http://proxy:3128"}, {"no_proxy", rules}})
        .apply_to("https://" + host + "/v1");
  };
  for (const char* rules :
       {"*", "api.example.com", "example.com", ".example.com", "API.Example.COM",
        "x.org,example.com", "x.org, example.com", "x.org example.com"}) {
    CAPTURE(rules);
    CHECK_FALSE(applies(rules, "api.example.com"));
  }
  for (const char* rules :
       {"", ",", ".", "x.org", "ple.com", "api.example.com.org", "com.", "api.example.com:443"}) {
    CAPTURE(rules);
    CHECK(applies(rules, "api.example.com"));
  }
  CHECK_FALSE(applies("127.0.0.1", "127.0.0.1"));
  CHECK_FALSE(applies("::1", "[::1]"));
  CHECK(applies("127.0.0.0/8", "127.0.0.1"));
}

TEST_CASE("a proxy is asked for what goes through it, and for nothing else") {
  ScriptedUpstream upstream;
  const std::string proxy = upstream.base_url().substr(0, upstream.base_url().rfind('/'));
  const Variable named("http_proxy", proxy);
  const Variable excepted("no_proxy", "direct.invalid");
  {
    LoopClient loop({}, UpstreamHttp::automatic);
    CHECK(outcome_of(loop, "http://proxied.invalid/v1/models").error == UpstreamError::none);
    REQUIRE(upstream.requests().size() == 1);
    CHECK(upstream.requests()[0].target == "http://proxied.invalid/v1/models");
    CHECK(outcome_of(loop, "http://direct.invalid/v1/models").error ==
          UpstreamError::connect_name_not_found);
  }
  LoopClient native({}, UpstreamHttp::native);
  CHECK(outcome_of(native, "http://proxied.invalid/v1/models").error ==
        UpstreamError::connect_name_not_found);
  // A proxy would connect to whatever the name stands for.
  LoopClient careful({.allow_private = false}, UpstreamHttp::automatic);
  CHECK(outcome_of(careful, "http://proxied.invalid/v1/models").error ==
        UpstreamError::connect_name_not_found);
  CHECK(upstream.requests().size() == 1);
}

}  // namespace responses_proxy
