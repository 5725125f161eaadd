#include "core/json_edit.h"

#include <algorithm>

namespace responses_proxy {

void JsonEdit::drop(std::string_view key) {
  std::erase_if(members_, [key](const JsonMember& member) { return member.key == key; });
}

void JsonEdit::put(std::string_view key, std::string_view value) {
  std::string& text = *texts_.emplace_back(std::make_unique<std::string>());
  text.append("\"").append(key).append("\":").append(value);
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [key](const JsonMember& member) { return member.key == key; });
  JsonMember& member = found != members_.end() ? *found : members_.emplace_back();
  member = {std::string(key), std::string_view(text).substr(text.size() - value.size()), text};
}

}  // namespace responses_proxy
