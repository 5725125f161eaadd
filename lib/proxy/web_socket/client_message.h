// ClientMessage: one text message of a client's socket, as far as the proxy reads it.
//
// What the proxy acts on and what goes up agree: of members with the same key, however it is
// spelled, the last one counts and is the only one that goes up; a header in client_metadata that
// an HTTP client could not send through here is taken out. A byte order mark before it is dropped.
// Any other message passes byte for byte.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/json_edit.h"
#include "core/json_members.h"
#include "responses_proxy/request.h"
#include "responses_proxy/result.h"
#include "route/request_facts.h"

namespace responses_proxy {

struct ClientMessage {
  std::string type;
  std::string stream_id;  // "" = the default lane
  std::string previous_response_id;
  bool generate = true;  // false: a warm-up, it makes a response without output
  bool store = true;
  Headers carried_headers;  // that HTTP clients send and socket clients put into client_metadata

  BodyFields body;  // what an exchange needs of it
  // Where it is stays the same when the message is moved: the members point into it.
  std::unique_ptr<std::string> source;
  JsonMembers members;

  const std::string& text() const { return *source; }
  bool is_create() const { return type == "response.create"; }
};

// Error: no JSON object, no `type`, a stream_id that is none, or a header that cannot be one.
Result<ClientMessage> read_client_message(std::string text);

// The message with these as its input: a JSON array.
std::string with_input(const ClientMessage& message, std::string_view items);

// In all of these: `model` takes the place of the client's name for it, unless it is "".

// The message as it came.
std::string named(const ClientMessage& message, std::string_view model);

// The message with the items of `history`, which is lists of them, before its own, and nothing to
// continue.
std::string with_history(const ClientMessage& message, const JsonPieces& history,
                         std::string_view model);

// The body of the HTTP request that does the same. `history`: what comes before the message's own
// items, if that is known here.
std::string http_body(const ClientMessage& message, const std::optional<JsonPieces>& history,
                      std::string_view model);

}  // namespace responses_proxy
