// JsonEdit: a JSON object with some of its members changed; all others stay byte for byte.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json_members.h"

namespace responses_proxy {

// JSON in parts that stand one behind the other.
using JsonPieces = std::vector<std::string_view>;
std::string join_pieces(const JsonPieces& pieces);

class JsonEdit {
 public:
  // What the members point into outlives the edit.
  explicit JsonEdit(JsonMembers members) : members_(std::move(members)) {}

  void drop(std::string_view key);
  // `value`: JSON. In the place of the member with that key (the first of several), or at the end.
  void put(std::string_view key, std::string_view value);
  // The same; what the pieces point at outlives the edit, and is copied once, by joined().
  void put(std::string_view key, JsonPieces value);
  std::string joined() const;
  // The object, and its members as they stand in there. Not with a value in pieces.
  JsonMembers rejoined(std::string& into);

 private:
  JsonMember& place_of(std::string_view key);
  const JsonPieces* pieces_of(const JsonMember& member) const;

  JsonMembers members_;
  std::vector<std::unique_ptr<std::string>> texts_;  // of the new members
  std::vector<std::pair<std::string, JsonPieces>>
      pieces_;  // what stands behind the text of a member
};

}  // namespace responses_proxy
