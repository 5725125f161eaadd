#include <algorithm>

#include "responses_proxy/resource_state.h"

namespace responses_proxy {

namespace {

SteadyTime::rep ticks(SteadyTime time) {
  return time.time_since_epoch().count();
}

// A cooldown is only ever made longer by an error; a success ends it. Whether it was longer.
bool raise_to(std::atomic<SteadyTime::rep>& target, SteadyTime::rep value) {
  if (target.load(std::memory_order_relaxed) >= value) return false;
  target.store(value, std::memory_order_relaxed);
  return true;
}

}  // namespace

std::string ResourceState::name_of(std::string_view id, std::string_view points_at) {
  std::string name(id);
  if (!points_at.empty()) name.append("#").append(points_at);
  return name;
}

void ResourceState::apply(const Verdict& verdict, SteadyTime now) {
  if (verdict.error) total_errors_.fetch_add(1, std::memory_order_relaxed);
  if (update(verdict, now, HealthSource::traffic)) changes_.fetch_add(1, std::memory_order_release);
}

void ResourceState::apply_check(const Verdict& verdict, SteadyTime now) {
  if (update(verdict, now, HealthSource::check)) changes_.fetch_add(1, std::memory_order_release);
}

bool ResourceState::learn(const Verdict& verdict, SteadyTime now) {
  return update(verdict, now, HealthSource::replica);
}

bool ResourceState::update(const Verdict& verdict, SteadyTime now, HealthSource source) {
  const bool good = verdict.health == Health::healthy;
  // Nearly every answer: nothing to change, and nothing to lock.
  if (good && health() == Health::healthy && verdict.reason.empty()) return false;
  HealthChange change;
  bool told = false;
  bool changed = false;
  {
    const std::scoped_lock lock(mutex_);
    change.before = health();
    const bool was_on_trial = on_trial();
    if (!verdict.reason.empty()) last_error_ = verdict.reason;
    // A check that says nothing about a refused key does not clear it.
    const bool confirms = source == HealthSource::check && doubted_;
    if (verdict.health == Health::unknown && !confirms) return false;
    if (!good) {
      changed = worsen(verdict, now, source);
    } else {
      changed = source == HealthSource::check ? pass_check(now) : recover(now);
    }
    change.after = health();
    change.on_trial = on_trial();
    told = change.before != change.after || was_on_trial != change.on_trial;
    if (told) changed_at_ = now;
  }
  if (told && observers_) {
    change.resource_id = id_;
    change.reason = reason_at(now);
    change.blame = verdict.blame;
    change.source = source;
    observers_->tell(change);
  }
  return changed;
}

bool ResourceState::recover(SteadyTime now) {
  const Health before = health_.exchange(Health::healthy, std::memory_order_relaxed);
  const auto cooldown = cooldown_until_.exchange(0, std::memory_order_relaxed);
  const bool tried_out = on_trial_.exchange(false, std::memory_order_relaxed);
  failed_traffic_ = doubted_ = false;
  if (before == Health::unhealthy || tried_out) {
    recovered_at_.store(ticks(now), std::memory_order_relaxed);
  } else if (before == Health::degraded) {
    // It has been back since its cooldown ended, unless this ends it early.
    recovered_at_.store(std::min(cooldown, ticks(now)), std::memory_order_relaxed);
  }
  return before != Health::healthy;
}

bool ResourceState::pass_check(SteadyTime now) {
  const bool bad = health() == Health::degraded || health() == Health::unhealthy;
  const bool waits = now < cooldown_until() || now < blocked_until();
  if (!bad || (!failed_traffic_ && !waits)) return recover(now);
  doubted_ = false;
  if (on_trial_.exchange(true, std::memory_order_relaxed)) return false;
  health_.store(Health::degraded, std::memory_order_relaxed);
  recovered_at_.store(ticks(now), std::memory_order_relaxed);
  return true;
}

bool ResourceState::worsen(const Verdict& verdict, SteadyTime now, HealthSource source) {
  const Health before = health();
  Health after = verdict.health;
  if (source != HealthSource::replica) {
    const bool confirmed = source == HealthSource::check && doubted_;
    if (confirmed || before == Health::unhealthy) {
      after = Health::unhealthy;
    } else if (verdict.doubtful) {
      after = Health::degraded;
    }
  }
  if (source != HealthSource::check) failed_traffic_ = true;
  doubted_ = verdict.doubtful && after == Health::degraded;
  health_.store(after, std::memory_order_relaxed);
  bool changed = before != after;
  changed |= on_trial_.exchange(verdict.on_trial, std::memory_order_relaxed) != verdict.on_trial;
  if (verdict.cooldown > Millis::zero()) {
    changed |= raise_to(cooldown_until_, ticks(now + verdict.cooldown));
  }
  if (verdict.blocked > Millis::zero()) {
    changed |= raise_to(blocked_until_, ticks(now + verdict.blocked));
  }
  return changed;
}

SteadyTime ResourceState::recovered_at() const {
  if (health() != Health::degraded) return from_ticks(recovered_at_);
  if (on_trial()) return std::max(from_ticks(recovered_at_), cooldown_until());
  return cooldown_until();
}

bool ResourceState::begin_trial() {
  if (!on_trial() && health() != Health::unhealthy) return false;
  trials_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

Health ResourceState::health_at(SteadyTime now) const {
  const Health word = health();
  const bool good = word == Health::healthy || word == Health::unknown;
  return good && now < blocked_until() ? Health::degraded : word;
}

std::string ResourceState::reason_at(SteadyTime now) const {
  const Health word = health_at(now);
  if (word == Health::healthy || word == Health::unknown) return {};
  if (on_trial()) return "on trial after " + last_error();
  const bool waits = now < cooldown_until() || now < blocked_until();
  return word == Health::degraded && !waits ? "recovering after " + last_error() : last_error();
}

void ResourceState::refuse_model(std::string_view model, SteadyTime now) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(models_refused_,
                [&](const auto& entry) { return entry.second <= now || entry.first == model; });
  // The oldest one goes first.
  if (models_refused_.size() >= kMaxModelsRefused) models_refused_.erase(models_refused_.begin());
  models_refused_.emplace_back(model, now + kModelRefused);
  models_refused_any_.store(true, std::memory_order_relaxed);
}

bool ResourceState::refuses_model(std::string_view model, SteadyTime now) const {
  if (model.empty() || !models_refused_any_.load(std::memory_order_relaxed)) return false;
  const std::scoped_lock lock(mutex_);
  return std::any_of(models_refused_.begin(), models_refused_.end(),
                     [&](const auto& entry) { return entry.first == model && now < entry.second; });
}

std::optional<SteadyTime> ResourceState::changed_at() const {
  const std::scoped_lock lock(mutex_);
  return changed_at_;
}

void ResourceState::note_check(LastCheck check) {
  const std::scoped_lock lock(mutex_);
  last_check_ = std::move(check);
}

std::optional<LastCheck> ResourceState::last_check() const {
  const std::scoped_lock lock(mutex_);
  return last_check_;
}

void ResourceState::note_limits(std::vector<LimitMeter> meters) {
  const std::scoped_lock lock(mutex_);
  for (LimitMeter& meter : meters) {
    auto place = std::find_if(limits_.begin(), limits_.end(), [&](const LimitMeter& known) {
      return known.model == meter.model && known.name == meter.name;
    });
    if (place == limits_.end() && limits_.size() < kMaxLimits) {
      limits_.push_back(std::move(meter));
      continue;
    }
    if (place == limits_.end()) {
      place = std::min_element(limits_.begin(), limits_.end(),
                               [](const auto& a, const auto& b) { return a.seen_at < b.seen_at; });
    }
    *place = std::move(meter);
  }
}

std::vector<LimitMeter> ResourceState::limits() const {
  const std::scoped_lock lock(mutex_);
  return limits_;
}

std::string ResourceState::last_error() const {
  const std::scoped_lock lock(mutex_);
  return last_error_;
}

}  // namespace responses_proxy
