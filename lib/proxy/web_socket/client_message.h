// ClientMessage: one text message of a client's socket, as far as the proxy reads it.
//
// What the proxy acts on and what goes up agree: of members with the same key, however it is
// spelled, the last one counts and is the only one that goes up; a header in client_metadata that
// an HTTP client could not send through here is taken out. Any other message passes byte for byte.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/json_members.h"
#include "responses_proxy/request.h"
#include "responses_proxy/result.h"

namespace responses_proxy {

struct ClientMessage {
  std::string type;
  std::string stream_id;  // "" = the default lane
  std::string previous_response_id;
  bool generate = true;  // false: a warm-up, it makes a response without output
  bool store = true;
  Headers carried_headers;  // that HTTP clients send and socket clients put into client_metadata

  // Where it is stays the same when the message is moved: the members point into it.
  std::unique_ptr<std::string> source;
  JsonMembers members;

  const std::string& text() const { return *source; }
  bool is_create() const { return type == "response.create"; }
};

// Error: no JSON object, no `type`, a stream_id that is none, or a header that cannot be one.
Result<ClientMessage> read_client_message(std::string text);

// What is new in this turn: the items of `input`, comma-separated JSON; a text becomes an item.
std::string input_items(const ClientMessage& message);

// The message with `items` for its input and nothing to continue: complete in itself.
std::string with_full_input(const ClientMessage& message, std::string_view items);

// The body of the HTTP request that does the same. `items`: the whole input, if the message only
// adds to what is remembered here.
std::string http_body(const ClientMessage& message, const std::optional<std::string>& items);

}  // namespace responses_proxy
