// Whatever a provider writes into its headers, the wait is absent or within (0, cap].
#include <string>

#include "fuzz_input.h"
#include "health/retry_after.h"

namespace responses_proxy::fuzz {

void run(FuzzInput input) {
  constexpr Millis kCap{3'600'000};
  const WallTime now{std::chrono::seconds(1795219200)};
  Headers headers;
  headers.add("retry-after-ms", std::string(input.text(input.byte() % 32)));
  headers.add("retry-after", std::string(input.text(input.byte() % 40)));
  headers.add("x-ratelimit-remaining-tokens", input.byte() % 2 == 0 ? "0" : "1");
  headers.add("x-ratelimit-reset-tokens", std::string(input.rest()));
  const auto wait = asked_to_wait(headers, now, kCap);
  require(!wait || (*wait >= Millis(0) && *wait <= kCap));
}

}  // namespace responses_proxy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  responses_proxy::fuzz::run({data, size});
  return 0;
}
