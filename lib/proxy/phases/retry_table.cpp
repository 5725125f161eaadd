#include "proxy/phases/retry_table.h"

namespace responses_proxy {

namespace {

// Another key or account may do better: this one is not allowed, not paid for, over its limit, or
// broken.
bool worth_another_resource(int status) {
  return status == 401 || status == 402 || status == 403 || status == 429 || status >= 500;
}

}  // namespace

NextStep next_step(const AttemptStart& start) {
  if (start.pinned) return NextStep::stream;
  if (start.id_unknown) {
    return start.not_found_tries_left > 0 ? NextStep::other_resource : NextStep::stream;
  }
  if (start.attempts_left == 0) return NextStep::stream;
  if (start.cannot_decrypt) return NextStep::without_encrypted_items;
  switch (start.error) {
    case UpstreamError::none:
      return worth_another_resource(start.status) || start.model_refused ? NextStep::other_resource
                                                                         : NextStep::stream;
    case UpstreamError::total_timeout:
      return NextStep::stream;  // the client's patience is spent, too
    case UpstreamError::out_of_descriptors:
      return NextStep::stream;  // another resource needs a socket, too
    case UpstreamError::connect:
    case UpstreamError::connect_name_not_found:
    case UpstreamError::connect_refused:
    case UpstreamError::connect_unreachable:
    case UpstreamError::connect_tls:
    case UpstreamError::connect_certificate:
    case UpstreamError::connect_timeout:
    case UpstreamError::first_byte_timeout:
    case UpstreamError::idle_timeout:
    case UpstreamError::write_timeout:
    case UpstreamError::closed:
    case UpstreamError::truncated:
    case UpstreamError::protocol:
      return NextStep::other_resource;
  }
  return NextStep::stream;
}

}  // namespace responses_proxy
