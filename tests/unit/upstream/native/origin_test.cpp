// Where requests go: one origin for all that share scheme, host and port, and so many of them.
#include "upstream/native/origin.h"

#include <doctest/doctest.h>

namespace responses_proxy {

namespace {

UpstreamRequest request_to(std::string url, std::string unix_socket = "") {
  UpstreamRequest request;
  request.url = std::move(url);
  request.unix_socket = std::move(unix_socket);
  return request;
}

std::size_t count(Origins& origins) {
  std::size_t all = 0;
  origins.for_each([&](Origin&) { ++all; });
  return all;
}

}  // namespace

TEST_CASE("scheme, host, port and Unix socket make an origin, the path does not") {
  Origins origins;
  const auto first = origins.find(request_to("http://host:81/v1/responses?a"));
  REQUIRE(first);
  CHECK(first->target.host == "host");
  CHECK(first->target.port == "81");
  CHECK(origins.find(request_to("http://host:81/v1/models")) == first);
  CHECK(origins.find(request_to("http://host:81")) == first);
  CHECK(origins.find(request_to("http://host:82/")) != first);
  CHECK(origins.find(request_to("https://host:81/")) != first);
  CHECK(origins.find(request_to("http://other:81/")) != first);
  const auto local = origins.find(request_to("http://host:81/", "/run/socket"));
  CHECK(local != first);
  CHECK(origins.find(request_to("http://host:81/", "/run/other")) != local);
  CHECK(origins.find(request_to("ftp://host/")) == nullptr);
}

TEST_CASE("there are only so many origins; one in use is kept") {
  Origins origins;
  const auto used = origins.find(request_to("http://used/"));
  for (std::size_t i = 0; i < 3 * Origins::kMaxOrigins; ++i) {
    REQUIRE(origins.find(request_to("http://host-" + std::to_string(i) + "/")));
    CHECK(count(origins) <= Origins::kMaxOrigins);
  }
  CHECK(origins.find(request_to("http://used/")) == used);
}

}  // namespace responses_proxy
