// The events that relay-mock writes and relay-load reads; kept in one place so that they agree.
#pragma once

#include <charconv>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace relay_bench {

inline constexpr std::string_view kCreated = "response.created";
inline constexpr std::string_view kDelta = "response.output_text.delta";
inline constexpr std::string_view kCompleted = "response.completed";
inline constexpr std::string_view kSequenceKey = "\"sequence_number\":";
// When the mock handed the event to its socket, in steady_clock nanoseconds.
inline constexpr std::string_view kSentKey = "\"sent_ns\":";

// -1 if it is not there.
inline std::int64_t number_after(std::string_view event, std::string_view key) {
  const std::size_t at = event.find(key);
  std::int64_t number = -1;
  if (at != std::string_view::npos) {
    std::from_chars(event.data() + at + key.size(), event.data() + event.size(), number);
  }
  return number;
}

// What every event begins with in a frame.
inline std::string_view type_in_frame(std::string_view event) {
  constexpr std::string_view kBegin = "{\"type\":\"";
  if (!event.starts_with(kBegin)) return {};
  event.remove_prefix(kBegin.size());
  return event.substr(0, event.find('"'));
}

// The same clock in both processes: CLOCK_MONOTONIC.
inline std::int64_t steady_ns() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

}  // namespace relay_bench
