// One request by one kind of client, and what that client is left with.
#pragma once

#include <array>
#include <string>

#include "integration/test_proxy.h"

namespace responses_proxy::testing {

enum class Client : std::uint8_t { json, stream, socket };
inline constexpr std::array kClients = {Client::json, Client::stream, Client::socket};
std::string_view to_string(Client client);

// What it came to, for the program behind the client.
enum class Ending : std::uint8_t {
  complete,  // the response, with its proper end
  failed,    // a stream that says so itself: response.failed
  refused,   // an error in place of a response: ClientView::status and code
  broken,    // the connection, or silence: no proper end
};
std::string_view to_string(Ending ending);

struct ClientView {
  Ending ending = Ending::broken;
  int status = 0;
  std::string code;     // of the error
  std::string message;  // of the error
  std::string text;     // all that came
};

ClientView ask(TestProxy& proxy, Client client);

}  // namespace responses_proxy::testing
