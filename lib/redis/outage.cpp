#include "redis/outage.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace responses_proxy {

namespace {

constexpr const char* kNotYet = "not connected yet";

}  // namespace

Outage::Outage(const Clock& clock, std::size_t reporters, std::string address, Log log)
    : clock_(clock),
      address_(std::move(address)),
      log_(log ? std::move(log) : [](const std::string&) {}),
      problems_(reporters, kNotYet),
      problem_(kNotYet) {}

void Outage::report(std::size_t reporter, const std::string& problem) {
  std::string line;
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
      line =
          fmt::format("Redis at {}: {}; going on with what this process knows", address_, problem);
    } else if (works) {
      if (!over_) {
        const std::chrono::duration<double> took = clock_.steady() - since_;
        line = fmt::format("Redis at {} works again after {:.1f} s", address_, took.count());
      }
      over_ = true;
      problem_.clear();
    }
  }
  if (!line.empty()) log_(line);
}

bool Outage::up() const {
  const std::scoped_lock lock(mutex_);
  return problem_.empty();
}

std::string Outage::problem() const {
  const std::scoped_lock lock(mutex_);
  return problem_;
}

std::uint64_t Outage::count() const {
  const std::scoped_lock lock(mutex_);
  return count_;
}

}  // namespace responses_proxy
