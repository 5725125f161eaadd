// JsonEdit: a JSON object with some of its members changed; all others stay byte for byte.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json_members.h"

namespace responses_proxy {

class JsonEdit {
 public:
  // What the members point into outlives the edit.
  explicit JsonEdit(JsonMembers members) : members_(std::move(members)) {}

  void drop(std::string_view key);
  // `value`: JSON. In the place of the member with that key, or at the end.
  void put(std::string_view key, std::string_view value);
  std::string joined() const { return join_members(members_); }
  // The object, and its members as they stand in there.
  JsonMembers rejoined(std::string& into) {
    rejoin(members_, into);
    return std::move(members_);
  }

 private:
  JsonMembers members_;
  std::vector<std::unique_ptr<std::string>> texts_;  // of the new members
};

}  // namespace responses_proxy
