#include "proxy/web_socket/client_message.h"

#include <algorithm>
#include <utility>

#include "proxy/web_socket/carried_headers.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kMaxStreamIdBytes = 256;
constexpr std::string_view kMetadata = "client_metadata";

bool is_stream_id(std::string_view id) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  return !id.empty() && id.size() <= kMaxStreamIdBytes &&
         std::all_of(id.begin(), id.end(), allowed);
}

// The edited members, and the texts that their views need beside the message's own.
struct Edit {
  explicit Edit(const ClientMessage& message) : members(message.members) {}

  void drop(std::string_view key) {
    std::erase_if(members, [key](const JsonMember& member) { return member.key == key; });
  }
  // In the place of the member with that key, or at the end.
  void put(std::string_view key, std::string_view value) {
    std::string& text = *texts.emplace_back(std::make_unique<std::string>());
    text.append("\"").append(key).append("\":").append(value);
    const auto found = std::find_if(members.begin(), members.end(),
                                    [key](const JsonMember& member) { return member.key == key; });
    JsonMember& member = found != members.end() ? *found : members.emplace_back();
    member = {std::string(key), {}, text};
  }
  std::string joined() const { return join_members(members); }

  JsonMembers members;
  std::vector<std::unique_ptr<std::string>> texts;
};

// false: it is not a JSON object.
bool take_in(ClientMessage& message, std::string text) {
  message.source = std::make_unique<std::string>(std::move(text));
  auto members = read_members(*message.source);
  if (members) message.members = std::move(*members);
  return members.has_value();
}

std::optional<Error> read_headers(ClientMessage& message) {
  auto carried = read_carried_headers(std::string(member(message.members, kMetadata)));
  if (!carried) return carried.error();
  message.carried_headers = std::move(carried->headers);
  if (!carried->metadata) return std::nullopt;
  Edit edit(message);
  edit.put(kMetadata, *carried->metadata);
  take_in(message, edit.joined());
  return std::nullopt;
}

std::optional<Error> read_stream_id(ClientMessage& message) {
  const std::string_view id = member(message.members, "stream_id");
  if (id.empty() || id == "null") return std::nullopt;
  message.stream_id = string_content(id);
  if (is_stream_id(message.stream_id)) return std::nullopt;
  return Error::invalid_request("invalid_stream_id",
                                "\"stream_id\" must have 1 to 256 characters out of letters, "
                                "digits, \"_\", \".\", \"-\".",
                                "stream_id");
}

}  // namespace

Result<ClientMessage> read_client_message(std::string text) {
  ClientMessage message;
  if (!take_in(message, std::move(text))) {
    return Error::invalid_request("invalid_json",
                                  "A message must be one JSON object, with at most 10000 members.");
  }
  if (drop_overridden(message.members)) take_in(message, join_members(message.members));
  message.type = string_content(member(message.members, "type"));
  if (message.type.empty()) {
    return Error::invalid_request("invalid_message", "A message needs a \"type\", a text.", "type");
  }
  if (auto error = read_stream_id(message)) return *error;
  if (auto error = read_headers(message)) return *error;
  message.previous_response_id = string_content(member(message.members, "previous_response_id"));
  message.generate = member(message.members, "generate") != "false";
  message.store = member(message.members, "store") != "false";
  return message;
}

std::string input_items(const ClientMessage& message) {
  std::string_view input = member(message.members, "input");
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
  Edit edit(message);
  edit.drop("previous_response_id");
  edit.put("input", std::string("[").append(items).append("]"));
  return edit.joined();
}

std::string http_body(const ClientMessage& message, const std::optional<std::string>& items) {
  Edit edit(message);
  for (const std::string_view key : {"type", "stream_id", "generate", "background"}) {
    edit.drop(key);
  }
  if (items) {
    edit.drop("previous_response_id");
    edit.put("input", std::string("[").append(*items).append("]"));
  }
  edit.put("stream", "true");
  return edit.joined();
}

}  // namespace responses_proxy
