// The events that relay-mock writes and relay-load reads; kept in one place so that they agree.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace relay_bench {

inline constexpr std::string_view kDeltaEvent = "event: response.output_text.delta\n";
inline constexpr std::string_view kCompletedEvent = "event: response.completed\n";
inline constexpr std::string_view kSequenceKey = "\"sequence_number\":";
// When the mock handed the event to its socket, in steady_clock nanoseconds.
inline constexpr std::string_view kSentKey = "\"sent_ns\":";

// The same clock in both processes: CLOCK_MONOTONIC.
inline std::int64_t steady_ns() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

}  // namespace relay_bench
