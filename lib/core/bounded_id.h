// Ids that clients choose, brought down to a size that keys of maps and columns can have.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace responses_proxy {

inline constexpr std::size_t kMaxIdBytes = 256;

// A longer id keeps its beginning, followed by '~' and the SHA-256 of the whole: kMaxIdBytes at
// most, and still another one than every other id.
std::string bounded_id(std::string_view id);

// The same as a key to look up by; an id that fits is not copied and outlives it.
class BoundedId {
 public:
  explicit BoundedId(std::string_view id)
      : shortened_(id.size() > kMaxIdBytes ? bounded_id(id) : std::string()),
        id_(shortened_.empty() ? id : std::string_view(shortened_)) {}
  BoundedId(const BoundedId&) = delete;
  BoundedId& operator=(const BoundedId&) = delete;

  operator std::string_view() const { return id_; }

 private:
  const std::string shortened_;
  const std::string_view id_;
};

// For what is only shown: cut, but not in the middle of a UTF-8 character.
std::string bounded_label(std::string_view text);

}  // namespace responses_proxy
