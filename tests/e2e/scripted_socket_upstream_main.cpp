// scripted-socket-upstream: a ScriptedSocketUpstream for tests in other languages.
//
// The first line printed is the port. Then it takes the commands of upstream_commands.h for what
// comes over HTTP, and these for WebSocket:
//   {"do":"turns","key":"sk-a","replies":[REPLY...]}   -> {"ok":true}; no key = for any
//   {"do":"refuse_sockets","status":426}               -> {"ok":true}; every handshake from now on
//   {"do":"sockets_next","scripts":[SCRIPT...]}        -> {"ok":true}; the next handshakes
//   {"do":"wait","for":"messages","n":2}               -> as for HTTP; also: handshakes, ends
//   {"do":"sockets"}  -> {"counts":{...},"handshakes":[...],"messages":[...],"ends":[...]}
// SCRIPT  {"refusal":REPLY} or {"answers":[REPLY|null...]} to the first message, the second, ...
#include <iostream>
#include <string>

#include "e2e/upstream_commands.h"
#include "fakes/scripted_socket_upstream.h"

namespace responses_proxy::testing {

namespace {

SocketScript script_from(const Json& spec) {
  SocketScript script;
  if (spec.contains("refusal")) script.refusal = reply_from(spec["refusal"]);
  for (const Json& answer : spec.value("answers", Json::array())) {
    script.answers.emplace_back();
    if (!answer.is_null()) script.answers.back() = socket_steps(reply_from(answer));
  }
  return script;
}

Json state_of(const ScriptedSocketUpstream& upstream) {
  const SocketCounts counts = upstream.counts();
  Json state = {{"counts",
                 {{"handshakes", counts.handshakes},
                  {"open", counts.open},
                  {"ended", counts.ended},
                  {"messages", counts.messages}}},
                {"handshakes", Json::array()},
                {"messages", Json::array()},
                {"ends", Json::array()}};
  for (const RecordedRequest& handshake : upstream.handshakes()) {
    state["handshakes"].push_back(to_json(handshake));
  }
  for (const SocketMessage& message : upstream.messages()) {
    state["messages"].push_back({{"connection", message.connection},
                                 {"number", message.number},
                                 {"binary", message.binary},
                                 {"text", message.text}});
  }
  for (const SocketEnd& end : upstream.ends()) {
    state["ends"].push_back(
        {{"connection", end.connection}, {"code", end.code}, {"reason", end.reason}});
  }
  return state;
}

Json run_wait(ScriptedSocketUpstream& upstream, const Json& command) {
  const std::string what = command.value("for", "");
  if (what == "messages") return {{"ok", upstream.wait_for_messages(command.at("n"))}};
  if (what == "handshakes") return {{"ok", upstream.wait_for_handshakes(command.at("n"))}};
  if (what == "ends") return {{"ok", upstream.wait_for_ends(command.at("n"))}};
  return run_command(upstream.http(), command);
}

Json run(ScriptedSocketUpstream& upstream, const Json& command) {
  const std::string what = command.value("do", "");
  if (what == "sockets") return state_of(upstream);
  if (what == "wait") return run_wait(upstream, command);
  if (what == "turns") {
    std::vector<Reply> turns;
    for (const Json& reply : command.at("replies")) turns.push_back(reply_from(reply));
    upstream.on_key(command.value("key", ""), std::move(turns));
  } else if (what == "refuse_sockets") {
    upstream.refuse_all(command.at("status"));
  } else if (what == "sockets_next") {
    std::vector<SocketScript> scripts;
    for (const Json& script : command.at("scripts")) scripts.push_back(script_from(script));
    upstream.on_connection(std::move(scripts));
  } else if (what == "open_gate") {
    upstream.open_gate(command.at("name"));
  } else {
    return run_command(upstream.http(), command);
  }
  return {{"ok", true}};
}

}  // namespace

}  // namespace responses_proxy::testing

int main() try {
  using namespace responses_proxy;
  testing::ScriptedSocketUpstream upstream;
  std::cout << upstream.port() << std::endl;
  testing::answer_commands([&](const Json& command) { return testing::run(upstream, command); });
} catch (const std::exception& error) {
  std::cerr << "scripted-socket-upstream: " << error.what() << "\n";
  return 1;
}
