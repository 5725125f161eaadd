// Whatever a provider writes into its headers, the wait is absent or within bounds.
#include <string>

#include "dialects/retry_after.h"
#include "fuzz_input.h"

namespace responses_proxy::fuzz {

void run(FuzzInput input) {
  constexpr Millis kLongest{1'000'000'000'000};  // years, and no overflow
  const WallTime now{std::chrono::seconds(1795219200)};
  Headers headers;
  headers.add("retry-after-ms", std::string(input.text(input.byte() % 32)));
  headers.add("retry-after", std::string(input.text(input.byte() % 40)));
  headers.add("x-ratelimit-remaining-tokens", input.byte() % 2 == 0 ? "0" : "1");
  headers.add("x-ratelimit-reset-tokens", std::string(input.rest()));
  const auto wait = asked_to_wait(headers, now);
  require(!wait || (*wait >= Millis(0) && *wait <= kLongest));
}

}  // namespace responses_proxy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  responses_proxy::fuzz::run({data, size});
  return 0;
}
