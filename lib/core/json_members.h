// The members of a JSON object as they stand in its text, for code that splices JSON instead of
// writing it anew: what it does not know passes byte for byte.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace responses_proxy {

struct JsonMember {
  std::string key;         // unescaped: however it is spelled, a key is the same key
  std::string_view value;  // the JSON text of the value, without blanks around it
  std::string_view text;   // all of it as it stands: `"key" : value`
};

using JsonMembers = std::vector<JsonMember>;

// Real ones have tens; each costs more memory than its text.
inline constexpr std::size_t kMaxMembers = 10'000;

// In order; views into `object`. nullopt: it is not a JSON object, or a larger one. Values are not
// checked any deeper than it takes to find their ends.
std::optional<JsonMembers> read_members(std::string_view object);

// The member's value, "" if there is none; the last one counts, as in most parsers.
std::string_view member(const JsonMembers& members, std::string_view key);

// Those members, as they stand, in an object of their own.
std::string join_members(const JsonMembers& members);

// The same; from now on the members point into `into`, which stays where it is.
void rejoin(JsonMembers& members, std::string& into);

// `object`, whose members these are, with another value (JSON) for that member; every other byte
// stays. Added at the end if there is none.
std::string with_value(std::string_view object, const JsonMembers& members, std::string_view key,
                       std::string_view value);

// Leaves of the members with the same key the one that counts. false: there were none.
bool drop_overridden(JsonMembers& members);

// The content of a JSON string, unescaped; "" for anything else.
std::string string_content(std::string_view value);

}  // namespace responses_proxy
