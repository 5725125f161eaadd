#include "proxy/retry_table.h"

#include <doctest/doctest.h>

#include <array>

namespace responses_proxy {

namespace {

constexpr std::array kErrors = {UpstreamError::none,
                                UpstreamError::connect,
                                UpstreamError::connect_timeout,
                                UpstreamError::first_byte_timeout,
                                UpstreamError::idle_timeout,
                                UpstreamError::total_timeout,
                                UpstreamError::closed,
                                UpstreamError::truncated,
                                UpstreamError::protocol};
constexpr std::array kStatuses = {0,   200, 204, 301, 400, 401, 403, 404, 409, 413, 422,
                                  428, 429, 430, 499, 500, 502, 503, 504, 529, 599};

// The table in the words of the documentation, for one answer or failure.
bool moves(UpstreamError error, int status, bool id_unknown) {
  if (error == UpstreamError::total_timeout) return false;
  if (error != UpstreamError::none) return true;
  return id_unknown || status == 429 || (status >= 500 && status <= 599);
}

}  // namespace

TEST_CASE("all combinations of how an attempt may begin") {
  for (const UpstreamError error : kErrors) {
    for (const int status : kStatuses) {
      for (int bits = 0; bits < 8; ++bits) {
        for (const std::size_t left : {std::size_t{0}, std::size_t{1}, std::size_t{7}}) {
          const AttemptStart start{.error = error,
                                   .status = status,
                                   .id_unknown = (bits & 1) != 0,
                                   .cannot_decrypt = (bits & 2) != 0,
                                   .pinned = (bits & 4) != 0,
                                   .attempts_left = left};
          CAPTURE(to_string(error));
          CAPTURE(status);
          CAPTURE(bits);
          CAPTURE(left);
          NextStep expected = NextStep::stream;
          if (left > 0 && !start.pinned) {
            if (start.cannot_decrypt) {
              expected = NextStep::without_encrypted_items;
            } else if (moves(error, status, start.id_unknown)) {
              expected = NextStep::other_resource;
            }
          }
          REQUIRE(next_step(start) == expected);
        }
      }
    }
  }
}

}  // namespace responses_proxy
