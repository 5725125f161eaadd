// The words of the public enums: what stands in headers, SQL, metrics and on the dashboard.
#include <string_view>

#include "responses_proxy/health.h"
#include "responses_proxy/load_balancer.h"
#include "responses_proxy/request_record.h"
#include "responses_proxy/selection_reason.h"
#include "responses_proxy/upstream_client.h"

namespace responses_proxy {

std::string_view to_string(Health health) {
  switch (health) {
    case Health::unknown:
      return "unknown";
    case Health::healthy:
      return "healthy";
    case Health::degraded:
      return "degraded";
    case Health::unhealthy:
      return "unhealthy";
  }
  return "";
}

std::string_view to_string(HealthSource source) {
  switch (source) {
    case HealthSource::traffic:
      return "traffic";
    case HealthSource::check:
      return "check";
    case HealthSource::replica:
      return "replica";
  }
  return "";
}

std::string_view to_string(SelectionReason reason) {
  switch (reason) {
    case SelectionReason::response_affinity:
      return "response_affinity";
    case SelectionReason::session_affinity:
      return "session_affinity";
    case SelectionReason::policy:
      return "policy";
    case SelectionReason::failover:
      return "failover";
  }
  return "";
}

std::string_view to_string(DropReason reason) {
  switch (reason) {
    case DropReason::tried:
      return "tried";
    case DropReason::unhealthy:
      return "unhealthy";
    case DropReason::blocked:
      return "blocked";
  }
  return "";
}

std::string_view to_string(Blame blame) {
  switch (blame) {
    case Blame::none:
      return "none";
    case Blame::client:
      return "client";
    case Blame::resource:
      return "resource";
    case Blame::provider:
      return "provider";
    case Blame::proxy:
      return "proxy";
  }
  return "";
}

std::string_view to_string(UpstreamError error) {
  switch (error) {
    case UpstreamError::none:
      return "none";
    case UpstreamError::connect:
      return "connect";
    case UpstreamError::connect_name_not_found:
      return "connect_name_not_found";
    case UpstreamError::connect_refused:
      return "connect_refused";
    case UpstreamError::connect_unreachable:
      return "connect_unreachable";
    case UpstreamError::connect_tls:
      return "connect_tls";
    case UpstreamError::connect_certificate:
      return "connect_certificate";
    case UpstreamError::out_of_descriptors:
      return "out_of_descriptors";
    case UpstreamError::connect_timeout:
      return "connect_timeout";
    case UpstreamError::first_byte_timeout:
      return "first_byte_timeout";
    case UpstreamError::idle_timeout:
      return "idle_timeout";
    case UpstreamError::write_timeout:
      return "write_timeout";
    case UpstreamError::total_timeout:
      return "total_timeout";
    case UpstreamError::closed:
      return "closed";
    case UpstreamError::truncated:
      return "truncated";
    case UpstreamError::protocol:
      return "protocol";
  }
  return "";
}

std::string describe(UpstreamError error, std::string_view detail) {
  std::string text(to_string(error));
  if (!detail.empty()) text.append(": ").append(detail);
  return text;
}

}  // namespace responses_proxy
