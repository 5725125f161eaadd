#include "core/json_edit.h"

#include <algorithm>
#include <cassert>

namespace responses_proxy {

void JsonEdit::drop(std::string_view key) {
  std::erase_if(members_, [key](const JsonMember& member) { return member.key == key; });
}

void JsonEdit::put(std::string_view key, std::string_view value) {
  std::string& text = *texts_.emplace_back(std::make_unique<std::string>());
  text.append("\"").append(key).append("\":").append(value);
  place_of(key) = {std::string(key), std::string_view(text).substr(text.size() - value.size()),
                   text};
}

void JsonEdit::put(std::string_view key, JsonPieces value) {
  put(key, std::string_view());
  pieces_.emplace_back(key, std::move(value));
}

JsonMember& JsonEdit::place_of(std::string_view key) {
  std::erase_if(pieces_, [key](const auto& one) { return one.first == key; });
  const auto has_key = [key](const JsonMember& member) { return member.key == key; };
  const auto found = std::find_if(members_.begin(), members_.end(), has_key);
  if (found == members_.end()) return members_.emplace_back();
  members_.erase(std::remove_if(found + 1, members_.end(), has_key), members_.end());
  return *found;
}

const JsonPieces* JsonEdit::pieces_of(const JsonMember& member) const {
  const auto found = std::find_if(pieces_.begin(), pieces_.end(),
                                  [&member](const auto& one) { return one.first == member.key; });
  return found == pieces_.end() ? nullptr : &found->second;
}

std::string JsonEdit::joined() const {
  if (pieces_.empty()) return join_members(members_);
  JsonPieces all;
  for (const JsonMember& member : members_) {
    all.push_back(all.empty() ? "{" : ",");
    all.push_back(member.text);
    const JsonPieces* rest = pieces_of(member);
    if (rest != nullptr) all.insert(all.end(), rest->begin(), rest->end());
  }
  all.push_back("}");
  return join_pieces(all);
}

JsonMembers JsonEdit::rejoined(std::string& into) {
  assert(pieces_.empty());
  rejoin(members_, into);
  return std::move(members_);
}

std::string join_pieces(const JsonPieces& pieces) {
  std::size_t size = 0;
  for (const std::string_view piece : pieces) size += piece.size();
  std::string text;
  text.reserve(size);
  for (const std::string_view piece : pieces) text.append(piece);
  return text;
}

}  // namespace responses_proxy
