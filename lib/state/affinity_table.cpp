#include "state/affinity_table.h"

#include <algorithm>
#include <utility>

namespace responses_proxy {

namespace {

constexpr std::uint32_t kFree = 0;
constexpr std::uint32_t kMoved = 1;  // only in a table that drains: searches go on behind it
static_assert(InternedNames::kFirst > kMoved);

// Searches stay short while a fifth of the places is free: 13 places for what is not there (Knuth,
// TAOCP vol. 3, 6.4), where an eighth would mean 32.
constexpr std::size_t places_for(std::size_t entries) {
  return entries + entries / 4 + 2;
}

// A table begins with about this many places.
constexpr std::size_t kFewPlaces = 32;

// Halves of the whole, so that growing is over long before the bound is reached.
std::size_t first_size(std::size_t max_places) {
  while (max_places > 2 * kFewPlaces) max_places = (max_places + 1) / 2;
  return max_places;
}

// The upper half of a hash, spread evenly over any number of places (Lemire: "Fast random integer
// generation in an interval", 2019); the lower half has chosen the shard.
std::size_t home_of(std::uint64_t place, std::size_t places) {
  return static_cast<std::size_t>(((place >> 32) * places) >> 32);
}

std::size_t next(std::size_t at, std::size_t places) {
  return at + 1 == places ? 0 : at + 1;
}

std::size_t distance(std::size_t from, std::size_t to, std::size_t places) {
  return to >= from ? to - from : to + places - from;
}

constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

template <class Places>
std::size_t find_in(const Places& places, const AffinityHash& hash) {
  if (places.empty()) return kNowhere;
  // There is always a free place, so this ends.
  for (std::size_t at = home_of(hash.place, places.size()); places[at].name != kFree;
       at = next(at, places.size())) {
    const auto& entry = places[at];
    if (entry.place == hash.place && entry.check == hash.check && entry.name != kMoved) return at;
  }
  return kNowhere;
}

template <class Places, class Entry>
Entry& insert(Places& places, const Entry& entry) {
  std::size_t at = home_of(entry.place, places.size());
  while (places[at].name != kFree) at = next(at, places.size());
  return places[at] = entry;
}

}  // namespace

AffinityTable::AffinityTable(std::size_t max_entries, AffinityTicks lifetime)
    : max_entries_(std::max<std::size_t>(1, max_entries)),
      max_places_(places_for(max_entries_)),
      lifetime_(lifetime) {}

bool AffinityTable::over(const Entry& entry, AffinityTicks now) const {
  return passed(entry.since, now) >= lifetime_;
}

AffinityTable::Entry* AffinityTable::find(const AffinityHash& hash, AffinityTicks now) {
  for (Places* places : {&places_, &draining_}) {
    const std::size_t at = find_in(*places, hash);
    if (at == kNowhere) continue;
    if (!over((*places)[at], now)) return &(*places)[at];
    drop(*places, at);
    return nullptr;
  }
  return nullptr;
}

void AffinityTable::put(const AffinityHash& hash, std::string_view resource_id, AffinityTicks now) {
  if (Entry* entry = find(hash, now)) {
    if (names_.at(entry->name) != resource_id) {
      names_.release(entry->name);
      entry->name = names_.use(resource_id) & 0x7fff'ffffU;
    }
    entry->used = 1;
    entry->since = now;
    entry->renewed = now;
    return;
  }
  if (!draining_.empty()) move_some();
  if (size_ == max_entries_) {
    make_room(hash, now);
  } else if (places_for(size_ + 1) > places_.size()) {
    grow();
  }
  insert(places_, Entry{.place = hash.place,
                        .check = hash.check,
                        .name = names_.use(resource_id) & 0x7fff'ffffU,
                        .used = 1,  // a round to prove itself
                        .since = now,
                        .renewed = now});
  ++size_;
}

void AffinityTable::erase(const AffinityHash& hash) {
  for (Places* places : {&places_, &draining_}) {
    if (const std::size_t at = find_in(*places, hash); at != kNowhere) drop(*places, at);
  }
}

void AffinityTable::drop(Places& places, std::size_t at) {
  names_.release(places[at].name);
  --size_;
  if (&places == &draining_) {
    places[at].name = kMoved;
    return;
  }
  // What stands behind the gap moves up, unless it would come before its home (Knuth, TAOCP vol. 3,
  // 6.4, algorithm R): searches meet no gap that was not there when an entry was put.
  const std::size_t count = places.size();
  for (std::size_t gap = at, look = next(at, count);; look = next(look, count)) {
    if (places[look].name == kFree) {
      places[gap].name = kFree;
      return;
    }
    const std::size_t home = home_of(places[look].place, count);
    if (distance(home, look, count) >= distance(gap, look, count)) {
      places[gap] = places[look];
      gap = look;
    }
  }
}

// Of the entries from the new one's place on, the first that was not used since somebody last
// looked; if all that may be looked at were, the first of them. Room is made where it is taken: a
// hand that goes round would leave a half of the table empty and fill the other.
void AffinityTable::make_room(const AffinityHash& hash, AffinityTicks now) {
  std::size_t victim = kNowhere;
  std::size_t looked = 0;
  // There are entries: the table is at its bound.
  for (std::size_t at = home_of(hash.place, places_.size());; at = next(at, places_.size())) {
    Entry& entry = places_[at];
    if (entry.name == kFree) continue;
    if (over(entry, now)) return drop(places_, at);
    if (victim == kNowhere) victim = at;
    if (entry.used == 0) victim = at;
    if (entry.used == 0 || ++looked == kLooked) break;
    entry.used = 0;
  }
  drop(places_, victim);
  ++evicted_;
}

void AffinityTable::grow() {
  while (!draining_.empty()) move_some();  // is over already, but in the smallest tables
  draining_ = std::exchange(places_, {});
  drained_ = 0;
  std::size_t size = first_size(max_places_);
  if (!draining_.empty()) size = std::min(2 * draining_.size(), max_places_);
  places_.resize(size, Entry{});
}

void AffinityTable::move_some() {
  for (std::size_t i = 0; i < kMovedPerPut && drained_ < draining_.size(); ++i, ++drained_) {
    Entry& entry = draining_[drained_];
    if (entry.name == kFree || entry.name == kMoved) continue;
    insert(places_, entry);
    entry.name = kMoved;
  }
  if (drained_ == draining_.size()) Places().swap(draining_);
}

}  // namespace responses_proxy
