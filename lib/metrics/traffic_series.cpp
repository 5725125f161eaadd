#include "metrics/traffic_series.h"

#include <algorithm>

namespace responses_proxy {

namespace {

std::int64_t begin_of_step(std::int64_t seconds, std::int64_t step) {
  return seconds - ((seconds % step) + step) % step;
}

}  // namespace

std::int64_t seconds_since_1970(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

void TrafficCounts::add_tokens(const TokenUsage& usage) {
  const auto count = [](std::optional<std::int64_t> tokens) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, tokens.value_or(0)));
  };
  input_tokens += count(usage.input);
  output_tokens += count(usage.output);
  cached_tokens += count(usage.cached);
}

TrafficCounts& TrafficCounts::operator+=(const TrafficCounts& more) {
  requests += more.requests;
  attempts += more.attempts;
  errors += more.errors;
  failovers += more.failovers;
  input_tokens += more.input_tokens;
  output_tokens += more.output_tokens;
  cached_tokens += more.cached_tokens;
  return *this;
}

TrafficSums& TrafficSums::operator+=(const TrafficSums& more) {
  TrafficCounts::operator+=(more);
  duration += more.duration;
  first_event += more.first_event;
  return *this;
}

TrafficSums& TrafficSums::operator+=(const TrafficEntry& one) {
  TrafficCounts::operator+=(one);
  duration.add_to(one.duration);
  if (one.first_event) first_event.add_to(*one.first_event);
  return *this;
}

TrafficSeries::TrafficSeries()
    : fine_{kFineStep, std::vector<std::unique_ptr<Step>>(kFineSteps)},
      coarse_{kCoarseStep, std::vector<std::unique_ptr<Step>>(kCoarseSteps)} {}

void TrafficSeries::add(const TrafficEntry& one, WallTime now) {
  last_used_ = seconds_since_1970(now);
  fine_.add(one, last_used_);
  coarse_.add(one, last_used_);
}

TrafficSums TrafficSeries::between(std::int64_t from, std::int64_t to,
                                   std::chrono::seconds step) const {
  TrafficSums sums;
  (step % kCoarseStep == std::chrono::seconds(0) ? coarse_ : fine_).add_up(from, to, sums);
  return sums;
}

std::size_t TrafficSeries::Ring::place_of(std::int64_t begin) const {
  return static_cast<std::size_t>(begin / step.count()) % steps.size();
}

void TrafficSeries::Ring::add(const TrafficEntry& one, std::int64_t now) {
  const std::int64_t begin = begin_of_step(now, step.count());
  std::unique_ptr<Step>& here = steps[place_of(begin)];
  if (!here) here = std::make_unique<Step>();
  if (here->begin != begin) *here = {begin, {}};
  here->sums += one;
}

void TrafficSeries::Ring::add_up(std::int64_t from, std::int64_t to, TrafficSums& into) const {
  for (std::int64_t begin = from; begin < to; begin += step.count()) {
    const std::unique_ptr<Step>& here = steps[place_of(begin)];
    if (here && here->begin == begin) into += here->sums;
  }
}

void RecentFailures::add(std::string_view word, WallTime now) {
  const std::int64_t second = seconds_since_1970(now);
  auto known = std::find_if(words_.begin(), words_.end(),
                            [&](const Counted& counted) { return counted.word == word; });
  if (known == words_.end()) {
    std::erase_if(words_, [&](const Counted& counted) { return counted.within(second) == 0; });
    if (words_.size() >= kMaxWords) return;
    known = words_.insert(words_.end(), Counted{std::string(word), {}, {}});
  }
  const std::int64_t begin = begin_of_step(second, kStep);
  const auto at = static_cast<std::size_t>(begin / kStep) % kSteps;
  if (known->begins[at] != begin) known->counts[at] = 0;
  known->begins[at] = begin;
  ++known->counts[at];
}

std::string RecentFailures::most_common(WallTime now) const {
  const std::int64_t second = seconds_since_1970(now);
  std::string most;
  std::uint64_t times = 0;
  for (const Counted& counted : words_) {
    const std::uint64_t here = counted.within(second);
    if (here <= times) continue;
    times = here;
    most = counted.word;
  }
  return most;
}

std::uint64_t RecentFailures::Counted::within(std::int64_t now) const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kSteps; ++i) {
    if (begins[i] > now - kWindow.count() && begins[i] <= now) sum += counts[i];
  }
  return sum;
}

}  // namespace responses_proxy
