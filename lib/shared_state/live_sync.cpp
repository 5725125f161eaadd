#include "shared_state/live_sync.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "shared_state/redis_scripts.h"

namespace responses_proxy {

namespace {

namespace keys = redis_keys;

std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// The i32, most significant byte first, that BITFIELD keeps in that slot; 0 beyond the end.
std::int64_t count_in(std::string_view counts, std::int64_t slot) {
  const auto at = static_cast<std::size_t>(slot) * 4;
  if (at + 4 > counts.size()) return 0;
  std::uint32_t bits = 0;
  for (const char byte : counts.substr(at, 4)) bits = bits << 8 | static_cast<unsigned char>(byte);
  return static_cast<std::int32_t>(bits);
}

// The value of a field in {field, value, field, value...}.
std::string_view field_of(const redisReply& fields, std::string_view name) {
  const auto words = elements_of(fields);
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    if (text_of(*words[i]) == name) return text_of(*words[i + 1]);
  }
  return {};
}

Verdict verdict_in(const redisReply& fields, std::int64_t now_ms) {
  const auto left = [&](std::string_view name) {
    constexpr std::int64_t kLongest = Millis(std::chrono::hours(24 * 30)).count();
    return Millis(std::clamp(number(field_of(fields, name)), now_ms, now_ms + kLongest) - now_ms);
  };
  const std::int64_t health = number(field_of(fields, "health"));
  Verdict verdict;
  if (health >= 0 && health <= static_cast<int>(Health::unhealthy)) {
    verdict.health = static_cast<Health>(health);
  }
  verdict.cooldown = left("cooldown");
  verdict.blocked = left("blocked");
  verdict.reason = field_of(fields, "reason");
  verdict.on_trial = verdict.health == Health::degraded && field_of(fields, "trial") == "1";
  return verdict;
}

}  // namespace

LiveSync::LiveSync(AsyncConnection& connection, MemoryStateStore& store, const Clock& clock,
                   std::string replica, Events events)
    : connection_(connection),
      store_(store),
      clock_(clock),
      replica_(std::move(replica)),
      events_(std::move(events)) {}

void LiveSync::tick() {
  adopt_new_resources();
  if (replicas() != 0 && clock_.steady() - last_tick_ > kTrustFor) distrust();
  if (busy_) return;
  forget_gone_resources();
  if (!connection_.connected()) return;
  if (open_sha_.empty() || tick_sha_.empty()) return load_scripts();
  const bool all_have_slots = known_.empty() || known_.back().slot >= 0;
  if (epoch_.empty() || !all_have_slots) return open();
  publish();
}

void LiveSync::adopt_new_resources() {
  const std::uint64_t made = store_.resources_made();
  if (std::exchange(made_, made) == made) return;
  for (const auto& state : store_.resources()) adopt(state);
}

void LiveSync::adopt(const std::shared_ptr<ResourceState>& state) {
  const auto [entry, unknown] = by_name_.try_emplace(state->name(), known_.size());
  if (unknown) {
    known_.push_back({state->name(), state, -1, 0, {}});
  } else if (Known& known = known_[entry->second]; known.state.lock() != state) {
    known.state = state;  // made anew before its like was forgotten
    known.news = {};
  } else {
    return;
  }
  state->set_has_peers(replicas() > 1);
}

// Nobody holds them any more, and Redis counts nothing of ours for them.
void LiveSync::forget_gone_resources() {
  const auto first = std::stable_partition(known_.begin(), known_.end(), [&](const Known& known) {
    return !known.state.expired() || (known.published != 0 && !epoch_.empty());
  });
  if (first == known_.end()) return;
  known_.erase(first, known_.end());
  by_name_.clear();
  for (std::size_t i = 0; i < known_.size(); ++i) by_name_.emplace(known_[i].name, i);
}

void LiveSync::load_scripts() {
  busy_ = true;
  connection_.send({"SCRIPT", "LOAD", open_script()}, Patience::connection,
                   [this](const redisReply* reply) {
                     if (reply != nullptr && !is_error(*reply)) open_sha_ = text_of(*reply);
                   });
  connection_.send({"SCRIPT", "LOAD", tick_script()}, Patience::connection,
                   [this](const redisReply* reply) {
                     busy_ = false;
                     if (reply == nullptr || is_error(*reply)) return failed(reply);
                     tick_sha_ = text_of(*reply);
                     tick();
                   });
}

void LiveSync::run(const std::string& sha, const Words& words, AsyncConnection::Answer answer) {
  const std::string own = std::string(keys::kOwn) + replica_;
  std::vector<std::string_view> command = {
      "EVALSHA",       sha, "6",           keys::kMeta, keys::kSlots, keys::kTotals,
      keys::kReplicas, own, keys::kHealth, replica_};
  command.insert(command.end(), words.begin(), words.end());
  busy_ = true;
  connection_.send(command, Patience::connection, std::move(answer));
}

// Asks for slots; with an empty epoch also for a fresh start, in which Redis has no counts of ours.
void LiveSync::open() {
  Words words = {fmt::format("{}-{}", replica_, clock_.steady().time_since_epoch().count())};
  for (const Known& known : known_) words.push_back(known.name);
  run(open_sha_, words, [this](const redisReply* reply) { on_open(reply); });
}

void LiveSync::on_open(const redisReply* reply) {
  busy_ = false;
  if (reply == nullptr || is_error(*reply)) return failed(reply);
  const auto words = elements_of(*reply);
  if (words.empty() || words.size() - 1 > known_.size()) return failed(nullptr);
  epoch_ = text_of(*words.front());
  for (std::size_t i = 1; i < words.size(); ++i) {
    known_[i - 1].slot = words[i]->integer;
    known_[i - 1].published = 0;
  }
  version_ = -1;
  if (epoch_ != last_epoch_) {
    last_event_.clear();
    if (!last_epoch_.empty()) events_.started_over();
    last_epoch_ = epoch_;
  }
  publish();
}

void LiveSync::publish() {
  Words words = {epoch_, std::to_string(version_), last_event_, ""};
  Sent sent = add_counts(words);
  words[3] = std::to_string(sent.size());
  std::vector<std::size_t> told = add_health(words);
  run(tick_sha_, words,
      [this, sent = std::move(sent), told = std::move(told)](const redisReply* reply) {
        busy_ = false;
        on_tick(reply, sent, told);
      });
}

LiveSync::Sent LiveSync::add_counts(Words& words) const {
  Sent sent;
  for (std::size_t i = 0; i < known_.size() && sent.size() < kCountsPerTick; ++i) {
    const auto state = known_[i].state.lock();
    const std::int64_t active = state ? state->local_active() : 0;
    if (active == known_[i].published || known_[i].slot < 0) continue;
    words.push_back(std::to_string(known_[i].slot));
    words.push_back(std::to_string(active));
    sent.emplace_back(i, active);
  }
  return sent;
}

std::vector<std::size_t> LiveSync::add_health(Words& words) {
  std::vector<std::size_t> told;
  const SteadyTime now = clock_.steady();
  for (std::size_t i = 0; i < known_.size() && told.size() < kCountsPerTick; ++i) {
    const auto state = known_[i].state.lock();
    if (!state || !known_[i].news.due(*state, now)) continue;
    known_[i].news.append_to(words, *state, now);
    told.push_back(i);
  }
  return told;
}

void LiveSync::on_tick(const redisReply* reply, const Sent& sent,
                       const std::vector<std::size_t>& told) {
  if (reply == nullptr || is_error(*reply)) return failed(reply);
  const auto words = elements_of(*reply);
  if (words.size() != 6) return epoch_.clear();  // another epoch; opened with the next tick
  for (const auto& [index, count] : sent) known_[index].published = count;
  for (const std::size_t index : told) known_[index].news.told();
  last_tick_ = clock_.steady();
  replicas_.store(static_cast<std::size_t>(words[4]->integer), std::memory_order_relaxed);
  if (words[1]->integer != version_) {
    version_ = words[1]->integer;
    take_totals(text_of(*words[2]));
  }
  take_events(*words[5], words[3]->integer);
  events_.ticked("");
}

void LiveSync::take_totals(std::string_view totals) {
  for (const Known& known : known_) {
    const auto state = known.state.lock();
    if (!state) continue;
    const std::int64_t others = known.slot < 0 ? 0 : count_in(totals, known.slot) - known.published;
    state->set_remote_active(std::max<std::int64_t>(0, others));
    state->set_has_peers(replicas() > 1);
  }
}

void LiveSync::take_events(const redisReply& events, std::int64_t now_ms) {
  const SteadyTime now = clock_.steady();
  for (const redisReply* event : elements_of(events)) {
    const auto parts = elements_of(*event);
    if (parts.size() != 2) continue;
    last_event_ = text_of(*parts[0]);
    const redisReply& fields = *parts[1];
    const auto found = by_name_.find(std::string(field_of(fields, "id")));
    if (found == by_name_.end() || field_of(fields, "by") == replica_) continue;
    Known& known = known_[found->second];
    const auto state = known.state.lock();
    if (state) known.news.heard(*state, verdict_in(fields, now_ms), now);
  }
}

// What Redis has of ours is no longer known: it starts from nothing the next time.
void LiveSync::failed(const redisReply* reply) {
  epoch_.clear();
  if (reply == nullptr) return;  // the connection tells
  if (text_of(*reply).starts_with("NOSCRIPT")) {
    open_sha_.clear();
    return;
  }
  events_.ticked(std::string(text_of(*reply)));
}

void LiveSync::distrust() {
  replicas_.store(0, std::memory_order_relaxed);
  for (const Known& known : known_) {
    if (const auto state = known.state.lock()) state->set_remote_active(0);
  }
}

}  // namespace responses_proxy
