// What the Responses API says on one WebSocket: knows the latest response of each lane, and answers
// what no script answers.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "fakes/socket_script.h"

namespace responses_proxy::testing {

// The next scripted reply for a `response.create` that generates; nothing = make one up.
using NextTurn = std::function<std::optional<Reply>()>;

class ResponsesConversation {
 public:
  explicit ResponsesConversation(std::size_t connection) : connection_(connection) {}

  // A create is answered by its turn, or with "Hello from connection <c>, turn <n>." as response
  // resp_<c>_<n>; without a word of it if it says generate:false. An unknown previous response,
  // unless it says store:true, is not found. Anything that is no create gets no answer but this:
  // an interrupt ends with response.incomplete what its lane has not said yet (see ends_lane).
  SocketSteps answer(const SocketMessage& message, const NextTurn& next_turn);
  // Keeps what is said of ids, by a script or by answer().
  void learn(const SocketMessage& message, const SocketSteps& steps);

  static std::string lane_of(const SocketMessage& message);
  static bool ends_lane(const SocketMessage& message);  // what still waits in the lane is dropped

 private:
  bool knows(const std::string& id) const;

  const std::size_t connection_;
  std::map<std::string, std::string> latest_;  // by lane
};

}  // namespace responses_proxy::testing
