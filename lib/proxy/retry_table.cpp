#include "proxy/retry_table.h"

namespace responses_proxy {

namespace {

// Another key or account may do better: it is over its limit, or broken.
bool worth_another_resource(int status) {
  return status == 429 || status >= 500;
}

}  // namespace

NextStep next_step(const AttemptStart& start) {
  if (start.pinned || start.attempts_left == 0) return NextStep::stream;
  if (start.cannot_decrypt) return NextStep::without_encrypted_items;
  switch (start.error) {
    case UpstreamError::none:
      return worth_another_resource(start.status) || start.id_unknown ? NextStep::other_resource
                                                                      : NextStep::stream;
    case UpstreamError::total_timeout:
      return NextStep::stream;  // the client's patience is spent, too
    case UpstreamError::connect:
    case UpstreamError::connect_timeout:
    case UpstreamError::first_byte_timeout:
    case UpstreamError::idle_timeout:
    case UpstreamError::closed:
    case UpstreamError::truncated:
    case UpstreamError::protocol:
      return NextStep::other_resource;
  }
  return NextStep::stream;
}

}  // namespace responses_proxy
