// ClientMessage: one text message of a client's socket, as far as the proxy reads it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "responses_proxy/request.h"
#include "responses_proxy/result.h"

namespace responses_proxy {

struct ClientMessage {
  std::string text;
  std::string type;
  std::string stream_id;  // "" = the default lane
  std::string previous_response_id;
  bool generate = true;  // false: a warm-up, it makes a response without output
  bool store = true;

  bool is_create() const { return type == "response.create"; }
};

// Error: no JSON object, no `type`, or a stream_id that is none.
Result<ClientMessage> read_client_message(std::string text);

// What is new in this turn: the items of `input`, comma-separated JSON; a text becomes an item.
std::string input_items(const ClientMessage& message);

// The message with `items` for its input and nothing to continue: complete in itself.
std::string with_full_input(const ClientMessage& message, std::string_view items);

// The body of the HTTP request that does the same. `items`: the whole input, if the message only
// adds to what is remembered here.
std::string http_body(const ClientMessage& message, const std::optional<std::string>& items);

// Request headers that HTTP clients send and socket clients put into the message's client_metadata.
Headers carried_headers(const ClientMessage& message);

}  // namespace responses_proxy
