// Measurement: what one run of relay-load saw inside its window.
//
// The load runs longer than the window on both sides: connections are open and caches warm when it
// begins, and nothing is shutting down yet when it ends.
#pragma once

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "process_cost.h"

namespace relay_bench {

enum class Sessions : std::uint8_t {
  own,     // of each request; every second one continues the response before it
  twenty,  // requests each, one session after the other on every connection; they continue, too
  fresh,   // of each request, and nothing is continued
  known,   // one per connection, nothing is continued
};

struct LoadOptions {
  boost::asio::ip::tcp::endpoint target;
  std::string run;  // makes session ids unique over runs
  std::size_t connections = 0;
  double rate = 0;  // requests per second over all connections; 0 = closed loop
  std::size_t body_bytes = 0;
  Sessions sessions = Sessions::own;
  std::string model = "gpt-5";
  bool store = true;
  std::chrono::milliseconds warmup{0};
  std::chrono::milliseconds window{0};
  std::vector<pid_t> pids;  // whose CPU and memory to read
};

class Measurement {
 public:
  explicit Measurement(const std::vector<pid_t>& pids) : pids_(pids), idle_bytes_(pss_bytes(pids)) {
    latencies_.reserve(1'000'000);
  }

  void begin() {
    open_ = true;
    began_ = std::chrono::steady_clock::now();
    cpu_ = cpu_seconds(pids_);
  }
  void end() {
    cpu_ = cpu_seconds(pids_) - cpu_;
    elapsed_ = std::chrono::steady_clock::now() - began_;
    open_ = false;
    open_bytes_ = pss_bytes(pids_);  // after the clock has stopped: this read is not cheap
  }
  // A request or event that took this long; counts only while the window is open.
  void add(std::int64_t nanoseconds) {
    if (open_) latencies_.push_back(nanoseconds);
  }
  // Something that is only counted.
  void add_always() { latencies_.push_back(0); }
  void add_error(std::string what) {
    ++errors_;
    last_error_ = std::move(what);
  }

  std::size_t count() const { return latencies_.size(); }
  double seconds() const { return elapsed_.count(); }
  double cpu() const { return cpu_; }
  std::int64_t idle_bytes() const { return idle_bytes_; }
  std::int64_t open_bytes() const { return open_bytes_; }
  std::size_t errors() const { return errors_; }
  const std::string& last_error() const { return last_error_; }

  // In microseconds; 0 without samples.
  double percentile(double share) {
    if (latencies_.empty()) return 0;
    const auto rank = static_cast<std::ptrdiff_t>(share * static_cast<double>(count() - 1));
    std::nth_element(latencies_.begin(), latencies_.begin() + rank, latencies_.end());
    return static_cast<double>(latencies_[static_cast<std::size_t>(rank)]) / 1000;
  }

 private:
  const std::vector<pid_t> pids_;
  const std::int64_t idle_bytes_;
  std::int64_t open_bytes_ = 0;
  bool open_ = false;
  std::chrono::steady_clock::time_point began_;
  std::chrono::duration<double> elapsed_{0};
  double cpu_ = 0;
  std::vector<std::int64_t> latencies_;
  std::size_t errors_ = 0;
  std::string last_error_;
};

}  // namespace relay_bench
