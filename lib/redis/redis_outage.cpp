#include "redis/redis_outage.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace responses_proxy {

namespace {

constexpr const char* kNotYet = "not connected yet";

}  // namespace

RedisOutage::RedisOutage(const Clock& clock, std::size_t reporters, std::string address, Log log)
    : clock_(clock),
      address_(std::move(address)),
      log_(std::move(log)),
      problems_(reporters, kNotYet),
      problem_(kNotYet) {}

void RedisOutage::report(std::size_t reporter, const std::string& problem) {
  std::optional<LogEvent> news;
  {
    const std::scoped_lock lock(mutex_);
    problems_.at(reporter) = problem;
    const bool works = std::all_of(problems_.begin(), problems_.end(),
                                   [](const std::string& each) { return each.empty(); });
    if (!problem.empty() && over_) {
      over_ = false;
      ++count_;
      since_ = clock_.steady();
      problem_ = problem;
      news = begun(problem);
    } else if (works) {
      if (!over_) {
        const std::chrono::duration<double> took = clock_.steady() - since_;
        news = ended(took.count());
      }
      over_ = true;
      problem_.clear();
    }
  }
  if (news) log_(*news);
}

LogEvent RedisOutage::begun(const std::string& problem) const {
  return {LogLevel::warning,
          "outage_begun",
          fmt::format("Redis at {}: {}; going on with what this process knows", address_, problem),
          {{"what", "Redis"}, {"address", address_}, {"problem", problem}}};
}

LogEvent RedisOutage::ended(double seconds) const {
  return {LogLevel::info,
          "outage_ended",
          fmt::format("Redis at {} works again after {:.1f} s", address_, seconds),
          {{"what", "Redis"}, {"address", address_}, {"seconds", seconds}}};
}

bool RedisOutage::up() const {
  const std::scoped_lock lock(mutex_);
  return problem_.empty();
}

std::string RedisOutage::problem() const {
  const std::scoped_lock lock(mutex_);
  return problem_;
}

std::uint64_t RedisOutage::count() const {
  const std::scoped_lock lock(mutex_);
  return count_;
}

}  // namespace responses_proxy
