#include "faults/client_view.h"

#include <httplib.h>

#include "core/json.h"
#include "integration/post.h"
#include "integration/session_client.h"

namespace responses_proxy::testing {

namespace {

void read_error(const Json& holder, ClientView& view) {
  if (!holder.is_object() || !holder.contains("error") || !holder["error"].is_object()) return;
  const Json& error = holder["error"];
  if (error.contains("code") && error["code"].is_string()) view.code = error["code"];
  if (error.contains("message") && error["message"].is_string()) view.message = error["message"];
}

ClientView over_http(const TestProxy& proxy, bool stream) {
  ClientView view;
  const auto result = post(proxy, stream ? R"({"model":"m","stream":true,"input":"x"})"
                                         : R"({"model":"m","input":"x"})");
  if (!result) return view;
  view.status = result->status;
  view.text = result->body;
  if (result->status >= 300) {
    view.ending = Ending::refused;
    read_error(Json::parse(result->body, nullptr, false), view);
  } else if (stream) {
    const auto last = result->body.rfind("data: ");
    if (last == std::string::npos || !result->body.ends_with("\n\n")) return view;
    const Json event = Json::parse(result->body.substr(last + 6), nullptr, false);
    if (type_of(event) == "response.completed") view.ending = Ending::complete;
    if (type_of(event) == "response.failed") {
      view.ending = Ending::failed;
      read_error(event["response"], view);
    }
  } else {
    const Json response = Json::parse(result->body, nullptr, false);
    if (response.is_object() && response.value("status", "") == "completed") {
      view.ending = Ending::complete;
    }
  }
  return view;
}

ClientView over_socket(TestProxy& proxy) {
  ClientView view;
  SessionClient client(proxy);
  const std::vector<Json> events = client.ask(create("hi"));
  for (const Json& event : events) view.text += event.dump() + "\n";
  const Json& last = events.back();
  const std::string type = type_of(last);
  if (type == "response.completed") {
    view.ending = Ending::complete;
    view.status = 200;
  } else if (type == "response.failed") {
    view.ending = Ending::failed;
    view.status = 200;
    read_error(last["response"], view);
  } else if (type == "error") {
    view.ending = Ending::refused;
    view.status = last.value("status", 0);
    read_error(last, view);
  }
  return view;
}

}  // namespace

std::string_view to_string(Client client) {
  constexpr std::array<std::string_view, 3> kWords = {"json", "stream", "socket"};
  return kWords[static_cast<std::size_t>(client)];
}

std::string_view to_string(Ending ending) {
  constexpr std::array<std::string_view, 4> kWords = {"complete", "failed", "refused", "broken"};
  return kWords[static_cast<std::size_t>(ending)];
}

ClientView ask(TestProxy& proxy, Client client) {
  return client == Client::socket ? over_socket(proxy) : over_http(proxy, client == Client::stream);
}

}  // namespace responses_proxy::testing
