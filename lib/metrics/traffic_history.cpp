#include "metrics/traffic_history.h"

#include <algorithm>

#include "core/counted_errors.h"

namespace responses_proxy {

namespace {

bool failed(const RequestRecord& record) {
  return counts_as_error(record.blame) && (record.status_code >= 400 || !record.completed);
}

// The times of a report, in whole steps of a ring.
struct Scale {
  std::int64_t step;
  std::int64_t first;  // the begin of the first point
  std::int64_t now;

  std::size_t points() const { return static_cast<std::size_t>((now - first) / step) + 1; }
  std::int64_t begin(std::size_t point) const {
    return first + static_cast<std::int64_t>(point) * step;
  }
};

Scale scale_of(std::chrono::seconds range, WallTime wall) {
  constexpr auto kFineReach =
      TrafficSeries::kFineStep * static_cast<int>(TrafficSeries::kFineSteps);
  const std::int64_t unit =
      (range <= kFineReach ? TrafficSeries::kFineStep : TrafficSeries::kCoarseStep).count();
  constexpr auto kMost = static_cast<std::int64_t>(TrafficHistory::kMaxPoints);
  const std::int64_t units = (range.count() + unit - 1) / unit;
  const std::int64_t step = unit * ((units + kMost - 1) / kMost);
  const std::int64_t now = seconds_since_1970(wall);
  const std::int64_t steps = (range.count() + step - 1) / step;
  return {step, (now / step - steps + 1) * step, now};
}

RecentTraffic recent_of(const TrafficSeries& series, bool attempts, std::int64_t now) {
  const std::int64_t step = TrafficSeries::kFineStep.count();
  const std::int64_t end = (now / step + 1) * step;
  const TrafficSums sums =
      series.between(end - RecentTraffic::kWindow.count(), end, TrafficSeries::kFineStep);
  return {attempts ? sums.attempts : sums.requests, sums.errors, {}};
}

}  // namespace

TrafficHistory::TrafficHistory(const Clock& clock) : clock_(clock), since_(clock.wall()) {}

void TrafficHistory::count(const RequestRecord& record) noexcept try {
  const WallTime now = clock_.wall();
  const bool tokens_count =
      record.usage.empty() || !record.background || background_.is_first(record.response_id);
  TrafficEntry one;
  one.requests = 1;
  one.attempts = record.attempts.size();
  one.errors = failed(record) ? 1 : 0;
  one.failovers = record.attempts.size() > 1 ? 1 : 0;
  if (tokens_count) one.add_tokens(record.usage);
  one.duration = DurationCounts::bucket(record.duration);
  if (record.stream && record.first_byte)
    one.first_event = DurationCounts::bucket(*record.first_byte);
  const std::scoped_lock lock(mutex_);
  all_.add(one, now);
  count_attempts(record, tokens_count, now);
} catch (const std::exception&) {
  // Out of memory: a request that is not counted is better than one that is not recorded.
}

void TrafficHistory::count_attempts(const RequestRecord& record, bool tokens_count, WallTime now) {
  for (const AttemptRecord& attempt : record.attempts) {
    const bool last = &attempt == &record.attempts.back();
    const bool bad = counts_as_error(attempt.blame);
    TrafficEntry one;
    one.requests = last ? 1 : 0;
    one.attempts = 1;
    one.errors = bad ? 1 : 0;
    one.failovers = last ? 0 : 1;
    if (tokens_count) one.add_tokens(attempt.usage);
    one.duration = DurationCounts::bucket(attempt.duration);
    if (record.stream && attempt.first_byte)
      one.first_event = DurationCounts::bucket(*attempt.first_byte);
    OfResource& resource = of(attempt.resource_id, now);
    resource.series.add(one, now);
    if (bad) resource.failures.add(attempt.error, now);
  }
}

TrafficHistory::OfResource& TrafficHistory::of(const std::string& resource_id, WallTime now) {
  const auto known = by_resource_.find(resource_id);
  if (known != by_resource_.end()) return *known->second;
  if (by_resource_.size() >= kMaxResources) {
    const std::int64_t gone = seconds_since_1970(now) - kMost.count();
    std::erase_if(by_resource_,
                  [&](const auto& entry) { return entry.second->series.last_used() < gone; });
  }
  const std::size_t named = by_resource_.size() - (by_resource_.contains("") ? 1 : 0);
  const bool room = named < kMaxResources;
  auto& made = by_resource_[room ? resource_id : std::string()];
  if (!made) made = std::make_unique<OfResource>();
  return *made;
}

const TrafficHistory::OfResource* TrafficHistory::find(std::string_view resource_id) const {
  const auto known = by_resource_.find(resource_id);
  return known == by_resource_.end() ? nullptr : known->second.get();
}

TrafficReport TrafficHistory::report(std::chrono::seconds range,
                                     const std::optional<std::string>& resource_id) const {
  const Scale scale = scale_of(std::clamp(range, kLeast, kMost), clock_.wall());
  TrafficReport report;
  report.step = scale.step;
  const std::chrono::seconds step(scale.step);
  const auto sums_at = [&](const TrafficSeries& series, std::size_t point) {
    return series.between(scale.begin(point), scale.begin(point + 1), step);
  };
  std::vector<std::string> ids;
  {
    const std::scoped_lock lock(mutex_);
    const OfResource* const one = resource_id ? find(*resource_id) : nullptr;
    for (std::size_t i = 0; i < scale.points(); ++i) {
      const std::int64_t end = std::min(scale.begin(i + 1), scale.now + 1);
      report.points.push_back(
          {scale.begin(i), std::max<std::int64_t>(1, end - scale.begin(i)), {}});
      if (resource_id && one == nullptr) continue;
      report.points.back().sums = sums_at(resource_id ? one->series : all_, i);
      report.sums += report.points.back().sums;
    }
    for (const auto& [id, unused] : by_resource_) {
      if (!resource_id || id == *resource_id) ids.push_back(id);
    }
  }
  for (const std::string& id : ids) {
    const std::scoped_lock lock(mutex_);
    const OfResource* const one = find(id);
    if (one == nullptr || one->series.last_used() < scale.first) continue;
    ResourceTraffic of_resource{id, {}, {}};
    for (std::size_t i = 0; i < scale.points(); ++i) {
      const TrafficSums sums = sums_at(one->series, i);
      of_resource.requests.push_back(sums.requests);
      of_resource.sums += sums;
    }
    report.resources.push_back(std::move(of_resource));
  }
  return report;
}

RecentTraffic TrafficHistory::recent() const {
  const std::scoped_lock lock(mutex_);
  return recent_of(all_, false, seconds_since_1970(clock_.wall()));
}

RecentTraffic TrafficHistory::recent(std::string_view resource_id) const {
  const WallTime now = clock_.wall();
  const std::scoped_lock lock(mutex_);
  const OfResource* const one = find(resource_id);
  if (one == nullptr) return {};
  RecentTraffic recent = recent_of(one->series, true, seconds_since_1970(now));
  recent.most_common = one->failures.most_common(now);
  return recent;
}

}  // namespace responses_proxy
