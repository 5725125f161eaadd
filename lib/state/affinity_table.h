// AffinityTable: the entries of one shard of an AffinityMap, side by side in one array.
//
// Role       Open addressing with linear probing over hashes; the ids themselves are not kept. Two
//            ids are taken for one when 96 bits of a keyed hash are equal.
// Threads    None of its own: its shard locks.
// Cost       24 bytes an entry, with the free places 30 at the bound. Nothing walks the
//            whole table: growth moves kMovedPerPut places with each put, and room is made by
//            looking at kLooked entries at most.
// Limits     max_entries, exactly. At the bound, of the neighbours of the new entry, one goes that
// was not
//            used since it was last looked at; a new one counts as used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/clock.h"
#include "state/interned_names.h"

namespace responses_proxy {

// Of an id: `place` says where to look, both together whether it is the one.
struct AffinityHash {
  std::uint64_t place;
  std::uint32_t check;
};

// Time in a table: steps of kAffinityTick from any beginning, modulo 2^32.
using AffinityTicks = std::uint32_t;
inline constexpr Millis kAffinityTick{64};

// Threads read the clock before they have the lock: `now` may be a little before `since`.
constexpr AffinityTicks passed(AffinityTicks since, AffinityTicks now) {
  const auto ticks = static_cast<std::int32_t>(now - since);
  return ticks < 0 ? 0 : static_cast<AffinityTicks>(ticks);
}

class AffinityTable {
 public:
  static constexpr std::size_t kMovedPerPut = 8;
  static constexpr std::size_t kLooked = 32;

  struct Entry {
    std::uint64_t place;
    std::uint32_t check;
    std::uint32_t name : 31;  // 0: free, 1: moved away, else an interned name
    std::uint32_t used : 1;   // since it was last looked at
    AffinityTicks since;
    AffinityTicks renewed;
  };
  static_assert(sizeof(Entry) == 24);

  AffinityTable(std::size_t max_entries, AffinityTicks lifetime);

  // Null: not there, or over. Valid until the next call of anything else.
  Entry* find(const AffinityHash& hash, AffinityTicks now);
  void put(const AffinityHash& hash, std::string_view resource_id, AffinityTicks now);
  void erase(const AffinityHash& hash);

  const std::string& resource_id(const Entry& entry) const { return names_.at(entry.name); }
  std::size_t size() const { return size_; }
  std::uint64_t evicted() const { return evicted_; }
  // Of the places, free ones included.
  std::size_t bytes() const { return (places_.size() + draining_.size()) * sizeof(Entry); }

 private:
  using Places = std::vector<Entry>;

  bool over(const Entry& entry, AffinityTicks now) const;
  void drop(Places& places, std::size_t at);
  void make_room(const AffinityHash& hash, AffinityTicks now);
  void grow();
  void move_some();

  const std::size_t max_entries_;
  const std::size_t max_places_;
  const AffinityTicks lifetime_;
  InternedNames names_;
  Places places_;
  Places draining_;          // what places_ was before it grew, until all of it has moved
  std::size_t drained_ = 0;  // places of draining_ that have been moved
  std::size_t size_ = 0;
  std::uint64_t evicted_ = 0;  // others' entries that went because of the bound
};

}  // namespace responses_proxy
