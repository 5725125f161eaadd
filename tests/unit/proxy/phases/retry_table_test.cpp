#include "proxy/phases/retry_table.h"

#include <doctest/doctest.h>

#include <array>

namespace responses_proxy {

namespace {

constexpr std::array kErrors = {UpstreamError::none,
                                UpstreamError::connect,
                                UpstreamError::connect_name_not_found,
                                UpstreamError::connect_refused,
                                UpstreamError::connect_unreachable,
                                UpstreamError::connect_tls,
                                UpstreamError::connect_certificate,
                                UpstreamError::out_of_descriptors,
                                UpstreamError::connect_timeout,
                                UpstreamError::first_byte_timeout,
                                UpstreamError::idle_timeout,
                                UpstreamError::write_timeout,
                                UpstreamError::total_timeout,
                                UpstreamError::closed,
                                UpstreamError::truncated,
                                UpstreamError::protocol};
constexpr std::array kStatuses = {0,   200, 204, 301, 400, 401, 402, 403, 404, 409, 413,
                                  422, 428, 429, 430, 499, 500, 502, 503, 504, 529, 599};

// The table in the words of the documentation, for one answer or failure.
bool moves(const AttemptStart& start) {
  const int status = start.status;
  if (start.error == UpstreamError::total_timeout) return false;
  if (start.error == UpstreamError::out_of_descriptors) return false;
  if (start.error != UpstreamError::none) return true;
  return start.model_refused || status == 401 || status == 402 || status == 403 || status == 429 ||
         (status >= 500 && status <= 599);
}

NextStep expected(const AttemptStart& start) {
  if (start.pinned) return NextStep::stream;
  if (start.id_unknown) {
    return start.not_found_tries_left > 0 ? NextStep::other_resource : NextStep::stream;
  }
  if (start.attempts_left == 0) return NextStep::stream;
  if (start.cannot_decrypt) return NextStep::without_encrypted_items;
  return moves(start) ? NextStep::other_resource : NextStep::stream;
}

}  // namespace

TEST_CASE("all combinations of how an attempt may begin") {
  for (const UpstreamError error : kErrors) {
    for (const int status : kStatuses) {
      for (int bits = 0; bits < 32; ++bits) {
        for (const std::size_t left : {std::size_t{0}, std::size_t{1}, std::size_t{7}}) {
          const AttemptStart start{.error = error,
                                   .status = status,
                                   .id_unknown = (bits & 1) != 0,
                                   .model_refused = (bits & 2) != 0,
                                   .cannot_decrypt = (bits & 4) != 0,
                                   .pinned = (bits & 8) != 0,
                                   .attempts_left = left,
                                   .not_found_tries_left = (bits & 16) != 0 ? 1U : 0U};
          CAPTURE(to_string(error));
          CAPTURE(status);
          CAPTURE(bits);
          CAPTURE(left);
          REQUIRE(next_step(start) == expected(start));
        }
      }
    }
  }
}

}  // namespace responses_proxy
