// FieldSet: some of the header fields that have an id.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

#include "responses_proxy/headers.h"

namespace responses_proxy {

class FieldSet {
 public:
  constexpr FieldSet(std::initializer_list<FieldId> ids)
      : FieldSet(std::span(ids.begin(), ids.size())) {}
  constexpr explicit FieldSet(std::span<const FieldId> ids) {
    for (const FieldId id : ids) bits_ |= bit(id);
  }
  // FieldId::other is in none.
  constexpr bool contains(FieldId id) const {
    return id != FieldId::other && (bits_ & bit(id)) != 0;
  }

 private:
  static_assert(kFieldIds < 64);
  static constexpr std::uint64_t bit(FieldId id) {
    return std::uint64_t{1} << static_cast<unsigned>(id);
  }

  std::uint64_t bits_ = 0;
};

}  // namespace responses_proxy
