#include "proxy/web_socket/client_message.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/json_members.h"

namespace responses_proxy {

namespace {

using Members = std::vector<JsonMember>;

constexpr std::size_t kMaxStreamIdBytes = 256;

bool is_stream_id(std::string_view id) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  return !id.empty() && id.size() <= kMaxStreamIdBytes &&
         std::all_of(id.begin(), id.end(), allowed);
}

// A copy, because reading needs spare capacity behind the text.
Members members_of(std::string& text) {
  return read_members(text).value_or(Members{});
}

std::string join_object(const Members& members) {
  std::string object = "{";
  for (const JsonMember& member : members) {
    if (object.size() > 1) object += ',';
    object.append("\"").append(member.key).append("\":").append(member.value);
  }
  return object += '}';
}

void drop(Members& members, std::string_view key) {
  std::erase_if(members, [key](const JsonMember& member) { return member.key == key; });
}

void put(Members& members, std::string_view key, std::string_view value) {
  bool found = false;
  for (JsonMember& member : members) {
    if (member.key != key) continue;
    member.value = value;
    found = true;
  }
  if (!found) members.push_back({key, value});
}

}  // namespace

Result<ClientMessage> read_client_message(std::string text) {
  ClientMessage message;
  message.text = std::move(text);
  const auto members = read_members(message.text);
  if (!members) {
    return Error::invalid_request("invalid_json", "A message must be one JSON object.");
  }
  message.type = plain_string(member(*members, "type"));
  if (message.type.empty()) {
    return Error::invalid_request("invalid_message", "A message needs a \"type\", a text.", "type");
  }
  if (const std::string_view id = member(*members, "stream_id"); !id.empty() && id != "null") {
    message.stream_id = plain_string(id);
    if (!is_stream_id(message.stream_id)) {
      return Error::invalid_request("invalid_stream_id",
                                    "\"stream_id\" must have 1 to 256 characters out of letters, "
                                    "digits, \"_\", \".\", \"-\".",
                                    "stream_id");
    }
  }
  message.previous_response_id = plain_string(member(*members, "previous_response_id"));
  message.generate = member(*members, "generate") != "false";
  message.store = member(*members, "store") != "false";
  return message;
}

std::string input_items(const ClientMessage& message) {
  std::string text = message.text;
  const Members members = members_of(text);
  std::string_view input = member(members, "input");
  if (input.starts_with('[')) {
    input = input.substr(1, input.size() - 2);
    const std::size_t begin = input.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return {};
    return std::string(input.substr(begin, input.find_last_not_of(" \t\r\n") + 1 - begin));
  }
  if (!input.starts_with('"')) return {};
  return std::string(R"({"type":"message","role":"user","content":)").append(input).append("}");
}

std::string with_full_input(const ClientMessage& message, std::string_view items) {
  std::string text = message.text;
  Members members = members_of(text);
  drop(members, "previous_response_id");
  const std::string input = std::string("[").append(items).append("]");
  put(members, "input", input);
  return join_object(members);
}

std::string http_body(const ClientMessage& message, const std::optional<std::string>& items) {
  std::string text = message.text;
  Members members = members_of(text);
  for (const std::string_view key : {"type", "stream_id", "generate", "background"}) {
    drop(members, key);
  }
  std::string input;
  if (items) {
    drop(members, "previous_response_id");
    input = std::string("[").append(*items).append("]");
    put(members, "input", input);
  }
  put(members, "stream", "true");
  return join_object(members);
}

Headers carried_headers(const ClientMessage& message) {
  constexpr std::string_view kPrefix = "ws_request_header_";
  constexpr std::string_view kTurnState = "x-codex-turn-state";
  Headers headers;
  std::string text = message.text;
  std::string metadata(member(members_of(text), "client_metadata"));
  for (const JsonMember& entry : members_of(metadata)) {
    std::string name(entry.key);
    if (name.starts_with(kPrefix)) {
      name.erase(0, kPrefix.size());
      std::replace(name.begin(), name.end(), '_', '-');
    } else if (name != kTurnState) {
      continue;
    }
    const std::string_view value = plain_string(entry.value);
    if (is_stream_id(name) && !value.empty()) headers.add(std::move(name), std::string(value));
  }
  return headers;
}

}  // namespace responses_proxy
