// The words stand in headers, SQL and dashboards: changing one is changing the interface.
#include <doctest/doctest.h>

#include "responses_proxy/lease.h"
#include "responses_proxy/load_balancer.h"
#include "responses_proxy/request_record.h"
#include "responses_proxy/upstream_client.h"

namespace responses_proxy {

TEST_CASE("the words of the public enums") {
  CHECK(to_string(Health::unknown) == "unknown");
  CHECK(to_string(Health::healthy) == "healthy");
  CHECK(to_string(Health::degraded) == "degraded");
  CHECK(to_string(Health::unhealthy) == "unhealthy");
  CHECK(to_string(SelectionReason::response_affinity) == "response_affinity");
  CHECK(to_string(SelectionReason::session_affinity) == "session_affinity");
  CHECK(to_string(SelectionReason::policy) == "policy");
  CHECK(to_string(SelectionReason::failover) == "failover");
  CHECK(to_string(DropReason::tried) == "tried");
  CHECK(to_string(DropReason::unhealthy) == "unhealthy");
  CHECK(to_string(DropReason::blocked) == "blocked");
  CHECK(to_string(Blame::none) == "none");
  CHECK(to_string(Blame::client) == "client");
  CHECK(to_string(Blame::resource) == "resource");
  CHECK(to_string(Blame::provider) == "provider");
  CHECK(to_string(Blame::proxy) == "proxy");
  CHECK(to_string(UpstreamError::none) == "none");
  CHECK(to_string(UpstreamError::connect) == "connect");
  CHECK(to_string(UpstreamError::connect_name_not_found) == "connect_name_not_found");
  CHECK(to_string(UpstreamError::connect_refused) == "connect_refused");
  CHECK(to_string(UpstreamError::connect_unreachable) == "connect_unreachable");
  CHECK(to_string(UpstreamError::connect_tls) == "connect_tls");
  CHECK(to_string(UpstreamError::connect_certificate) == "connect_certificate");
  CHECK(to_string(UpstreamError::out_of_descriptors) == "out_of_descriptors");
  CHECK(to_string(UpstreamError::connect_timeout) == "connect_timeout");
  CHECK(to_string(UpstreamError::first_byte_timeout) == "first_byte_timeout");
  CHECK(to_string(UpstreamError::idle_timeout) == "idle_timeout");
  CHECK(to_string(UpstreamError::write_timeout) == "write_timeout");
  CHECK(to_string(UpstreamError::total_timeout) == "total_timeout");
  CHECK(to_string(UpstreamError::closed) == "closed");
  CHECK(to_string(UpstreamError::truncated) == "truncated");
  CHECK(to_string(UpstreamError::protocol) == "protocol");
}

}  // namespace responses_proxy
