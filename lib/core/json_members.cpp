#include "core/json_members.h"

#include <simdjson.h>

#include <algorithm>
#include <set>

#include "core/json.h"
#include "core/json_reader.h"

namespace responses_proxy {

namespace {

namespace ondemand = simdjson::ondemand;

std::string_view trimmed(std::string_view text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

std::string_view key_text(const char* begin, const char* limit) {
  const char* end = begin;
  while (end < limit && *end != '"') end += *end == '\\' ? 2 : 1;
  return {begin, static_cast<std::size_t>(end - begin)};
}

bool value_text(ondemand::value value, std::string_view& raw) {
  ondemand::json_type type;
  if (value.type().get(type) != simdjson::SUCCESS) return false;
  if (type == ondemand::json_type::array) {
    ondemand::array array;
    return value.get_array().get(array) == simdjson::SUCCESS &&
           array.raw_json().get(raw) == simdjson::SUCCESS;
  }
  if (type == ondemand::json_type::object) {
    ondemand::object object;
    return value.get_object().get(object) == simdjson::SUCCESS &&
           object.raw_json().get(raw) == simdjson::SUCCESS;
  }
  raw = value.raw_json_token();
  return true;
}

// A key that cannot be unescaped stays as it is written; it is none that anybody asks for.
std::string unescaped_key(std::string_view written) {
  if (written.find('\\') == std::string_view::npos) return std::string(written);
  const Json key = Json::parse(std::string("\"").append(written).append("\""), nullptr, false);
  return key.is_string() ? key.get<std::string>() : std::string(written);
}

// From the key's first quote to the end of the value.
std::string_view span_of(std::string_view key, std::string_view value) {
  const char* const begin = key.data() - 1;
  return {begin, static_cast<std::size_t>(value.data() + value.size() - begin)};
}

bool read_all(ondemand::parser& parser, const std::string& text, JsonMembers& members) {
  ondemand::document document;
  ondemand::object object;
  const simdjson::padded_string_view padded(text.data(), text.size(), text.capacity());
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    return false;
  }
  for (auto result : object) {
    if (members.size() == kMaxMembers) return false;
    ondemand::field field;
    std::string_view raw;
    if (std::move(result).get(field) != simdjson::SUCCESS) return false;
    const std::string_view key = key_text(field.key().raw(), text.data() + text.size());
    if (!value_text(field.value(), raw)) return false;
    const std::string_view value = trimmed(raw);
    members.push_back({unescaped_key(key), value, span_of(key, value)});
  }
  const char* behind = nullptr;
  return document.current_location().get(behind) != simdjson::SUCCESS;  // nothing follows
}

}  // namespace

std::optional<JsonMembers> read_members(std::string& object) {
  object.reserve(object.size() + simdjson::SIMDJSON_PADDING);
  static thread_local ondemand::parser thread_parser;  // a scratch buffer, one per thread
  std::optional<ondemand::parser> own_parser;
  ondemand::parser& parser = object.size() <= kKeptBytes ? thread_parser : own_parser.emplace();
  JsonMembers members;
  if (!read_all(parser, object, members)) return std::nullopt;
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
