#include "proxy/web_socket/client_message.h"

#include <algorithm>
#include <utility>

#include "core/input_items.h"
#include "core/json.h"
#include "core/json_edit.h"
#include "core/utf8_text.h"
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

// Puts the text of these members in the place of the message's own.
void replace_text(ClientMessage& message, JsonEdit edit) {
  auto text = std::make_unique<std::string>();
  message.members = edit.rejoined(*text);
  message.source = std::move(text);
}

void put_model(JsonEdit& edit, std::string_view model) {
  if (!model.empty()) edit.put("model", dump(Json(model)));
}

std::optional<Error> read_headers(ClientMessage& message) {
  const std::string_view metadata = member(message.members, kMetadata);
  if (metadata.empty()) return std::nullopt;
  auto carried = read_carried_headers(metadata);
  if (!carried) return carried.error();
  message.carried_headers = std::move(carried->headers);
  if (!carried->metadata) return std::nullopt;
  JsonEdit edit(message.members);
  edit.put(kMetadata, *carried->metadata);
  replace_text(message, std::move(edit));
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
  drop_byte_order_mark(text);
  ClientMessage message;
  message.source = std::make_unique<std::string>(std::move(text));
  if (!message.body.read(*message.source, message.members)) {
    return Error::invalid_request("invalid_json",
                                  "A message must be one JSON object, with at most 10000 members.");
  }
  if (drop_overridden(message.members)) replace_text(message, JsonEdit(message.members));
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

std::string with_input(const ClientMessage& message, std::string_view items) {
  JsonEdit edit(message.members);
  edit.put("input", std::string(items));
  return edit.joined();
}

std::string named(const ClientMessage& message, std::string_view model) {
  if (model.empty()) return message.text();
  return with_value(message.text(), message.members, "model", dump(Json(model)));
}

std::string with_history(const ClientMessage& message, const JsonPieces& history,
                         std::string_view model) {
  JsonEdit edit(message.members);
  put_history(edit, message.members, history);
  put_model(edit, model);
  return edit.joined();
}

std::string http_body(const ClientMessage& message, const std::optional<JsonPieces>& history,
                      std::string_view model) {
  JsonEdit edit(message.members);
  for (const std::string_view key : {"type", "stream_id", "generate", "background"}) {
    edit.drop(key);
  }
  // A warm-up makes nothing, no summary either.
  if (!message.generate) edit.drop("context_management");
  if (history) put_history(edit, message.members, *history);
  put_model(edit, model);
  edit.put("stream", "true");
  return edit.joined();
}

}  // namespace responses_proxy
