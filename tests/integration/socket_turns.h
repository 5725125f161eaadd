// What the tests of turns on a client's socket ask for, and how an upstream's view of it is read.
#pragma once

#include <string>
#include <vector>

#include "fakes/responses_bodies.h"
#include "fakes/scripted_socket_upstream.h"
#include "integration/session_client.h"

namespace responses_proxy::testing {

inline Config socket_config(const ScriptedSocketUpstream& upstream,
                            std::vector<std::string> keys = {"sk-a"}) {
  Config config;
  config.resources = resources_at(upstream.base_url(), keys);
  return config;
}

inline Json continuing(const std::string& text, const std::vector<Json>& before,
                       const Json& more = Json::object()) {
  Json message = create(text, more);
  message["previous_response_id"] = response_id_of(before);
  return message;
}

// What an upstream got as input, in short: the texts of user messages, "=" before the model's.
inline std::string input_said(const std::string& body) {
  const Json request = Json::parse(body, nullptr, false);
  std::string all;
  for (const Json& item : request["input"]) {
    if (!all.empty()) all += " | ";
    if (item["content"].is_string()) {
      all += item["content"];
    } else {
      all += "=" + item["content"][0].value("text", "");
    }
  }
  return all;
}

inline std::string http_body_of(ScriptedSocketUpstream& upstream, std::size_t request) {
  const auto requests = upstream.http().requests();
  REQUIRE(requests.size() > request);
  return requests[request].body;
}

}  // namespace responses_proxy::testing
