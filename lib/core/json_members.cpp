#include "core/json_members.h"

#include <algorithm>
#include <set>

#include "core/json.h"
#include "core/json_fields.h"

namespace responses_proxy {

std::optional<JsonMembers> read_members(std::string_view object) {
  JsonMembers members;
  if (read_json_fields(object, {}, members) != JsonOutcome::read) return std::nullopt;
  return members;
}

std::string_view member(const JsonMembers& members, std::string_view key) {
  const auto last = std::find_if(members.rbegin(), members.rend(),
                                 [key](const JsonMember& member) { return member.key == key; });
  return last == members.rend() ? std::string_view() : last->value;
}

std::string join_members(const JsonMembers& members) {
  std::size_t size = 2 + members.size();
  for (const JsonMember& member : members) size += member.text.size();
  std::string object;
  object.reserve(size);
  object += '{';
  for (const JsonMember& member : members) {
    if (object.size() > 1) object += ',';
    object.append(member.text);
  }
  return object += '}';
}

void rejoin(JsonMembers& members, std::string& into) {
  into = join_members(members);
  const char* at = into.data() + 1;
  for (JsonMember& member : members) {
    const std::size_t value_at = member.text.size() - member.value.size();
    member.text = {at, member.text.size()};
    member.value = member.text.substr(value_at);
    at += member.text.size() + 1;
  }
}

std::string with_value(std::string_view object, const JsonMembers& members, std::string_view key,
                       std::string_view value) {
  std::string text(object);
  const std::string_view old = member(members, key);
  if (!old.empty()) {
    return text.replace(static_cast<std::size_t>(old.data() - object.data()), old.size(), value);
  }
  std::string added = members.empty() ? "\"" : ",\"";
  return text.insert(text.rfind('}'), added.append(key).append("\":").append(value));
}

bool drop_overridden(JsonMembers& members) {
  std::set<std::string_view> seen;  // no hash: keys are a stranger's
  const auto overridden = [&seen](const JsonMember& member) {
    return !seen.insert(member.key).second;
  };
  if (std::none_of(members.begin(), members.end(), overridden)) return false;
  seen.clear();
  JsonMembers kept;
  for (auto member = members.rbegin(); member != members.rend(); ++member) {
    if (!overridden(*member)) kept.push_back(*member);
  }
  members.assign(kept.rbegin(), kept.rend());
  return true;
}

std::string string_content(std::string_view value) {
  if (value.size() < 2 || value.front() != '"') return {};
  if (value.find('\\') == std::string_view::npos) {
    return std::string(value.substr(1, value.size() - 2));
  }
  const Json string = Json::parse(value, nullptr, false);
  return string.is_string() ? string.get<std::string>() : std::string();
}

}  // namespace responses_proxy
