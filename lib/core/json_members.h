// The members of a JSON object as they stand in its text, for code that splices JSON instead of
// writing it anew: what it does not know passes byte for byte.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace responses_proxy {

struct JsonMember {
  std::string_view key;    // without quotes, escapes untouched
  std::string_view value;  // the JSON text of the value, without blanks around it
};

// In order; views into `object`. nullopt: it is not a JSON object. Values are not checked any
// deeper than it takes to find their ends. `object` gets the spare capacity the parser needs.
std::optional<std::vector<JsonMember>> read_members(std::string& object);

// The member's value, "" if there is none; the last one counts, as in most parsers.
std::string_view member(const std::vector<JsonMember>& members, std::string_view key);

// The content of a JSON string that has no escapes; "" for anything else.
std::string_view plain_string(std::string_view value);

}  // namespace responses_proxy
