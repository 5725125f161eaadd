#include "core/json_members.h"

#include <simdjson.h>

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

bool read_all(ondemand::parser& parser, const std::string& text, std::vector<JsonMember>& members) {
  ondemand::document document;
  ondemand::object object;
  const simdjson::padded_string_view padded(text.data(), text.size(), text.capacity());
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    return false;
  }
  for (auto result : object) {
    ondemand::field field;
    std::string_view raw;
    if (std::move(result).get(field) != simdjson::SUCCESS) return false;
    const std::string_view key = key_text(field.key().raw(), text.data() + text.size());
    if (!value_text(field.value(), raw)) return false;
    members.push_back({key, trimmed(raw)});
  }
  const char* behind = nullptr;
  return document.current_location().get(behind) != simdjson::SUCCESS;  // nothing follows
}

}  // namespace

std::optional<std::vector<JsonMember>> read_members(std::string& object) {
  object.reserve(object.size() + simdjson::SIMDJSON_PADDING);
  static thread_local ondemand::parser thread_parser;  // a scratch buffer, one per thread
  std::optional<ondemand::parser> own_parser;
  ondemand::parser& parser = object.size() <= kKeptBytes ? thread_parser : own_parser.emplace();
  std::vector<JsonMember> members;
  if (!read_all(parser, object, members)) return std::nullopt;
  return members;
}

std::string_view member(const std::vector<JsonMember>& members, std::string_view key) {
  std::string_view value;
  for (const JsonMember& member : members) {
    if (member.key == key) value = member.value;
  }
  return value;
}

std::string_view plain_string(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.find('\\') != std::string_view::npos) {
    return {};
  }
  return value.substr(1, value.size() - 2);
}

}  // namespace responses_proxy
