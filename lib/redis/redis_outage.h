// RedisOutage: whether Redis works for this process, told by several connections, as one story.
//
// Threads    Safe from any thread. The log is called from the reporting one, with no lock held.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "responses_proxy/clock.h"
#include "responses_proxy/log.h"

namespace responses_proxy {

class RedisOutage {
 public:
  // `reporters` of them have to say that all is well before it is.
  RedisOutage(const Clock& clock, std::size_t reporters, std::string address, Log log);

  // "" = it works for this reporter.
  void report(std::size_t reporter, const std::string& problem);

  bool up() const;
  std::string problem() const;  // what began the outage; "" = up
  std::uint64_t count() const;

 private:
  LogEvent begun(const std::string& problem) const;
  LogEvent ended(double seconds) const;

  const Clock& clock_;
  const std::string address_;
  const Log log_;
  mutable std::mutex mutex_;  // guards what follows
  std::vector<std::string> problems_;
  std::string problem_;
  SteadyTime since_{};
  std::uint64_t count_ = 0;
  bool over_ = true;  // no outage that has been logged
};

}  // namespace responses_proxy
