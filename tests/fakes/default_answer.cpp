#include <fmt/format.h>

#include <string>
#include <string_view>

#include "fakes/responses_bodies.h"
#include "fakes/scripted_upstream.h"

namespace responses_proxy::testing {

namespace {

bool asks_for_stream(const RecordedRequest& request) {
  const Json body = Json::parse(request.body, nullptr, /*allow_exceptions=*/false);
  return body.is_object() && body.value("stream", Json()) == Json(true);
}

Reply create(const RecordedRequest& request) {
  const std::string id = fmt::format("resp_{}", request.number);
  if (asks_for_stream(request)) return sse_stream(id, {"Hello", " from ", request.key + "."});
  return json_response(id, "Hello from " + request.key + ".");
}

Reply about_response(const RecordedRequest& request, std::string_view rest) {
  const std::string id(rest.substr(0, rest.find('/')));
  const std::string_view what = rest.substr(id.size());
  if (request.method == "DELETE") {
    return json_reply({{"id", id}, {"object", "response"}, {"deleted", true}});
  }
  if (what == "/input_items") {
    const Json item = {{"id", "msg_input"},
                       {"type", "message"},
                       {"role", "user"},
                       {"content", Json::array({{{"type", "input_text"}, {"text", "Hi"}}})}};
    return json_reply({{"object", "list"},
                       {"data", Json::array({item})},
                       {"first_id", item["id"]},
                       {"last_id", item["id"]},
                       {"has_more", false}});
  }
  Json response = response_object(id, "Hello again from " + request.key + ".");
  if (what == "/cancel") response["status"] = "cancelled";
  return json_reply(response);
}

}  // namespace

Reply default_answer(const RecordedRequest& request) {
  constexpr std::string_view kResponses = "/v1/responses";
  const std::string_view target = request.target;
  const std::string_view path = target.substr(0, target.find('?'));
  if (path == "/v1/models") return json_reply(models_list({"gpt-4.1-mini", "gpt-5.5"}));
  if (path == kResponses && request.method == "POST") return create(request);
  if (path.substr(0, kResponses.size()) == kResponses && path.size() > kResponses.size()) {
    return about_response(request, path.substr(kResponses.size() + 1));
  }
  return error_reply(404, "invalid_request_error", "",
                     fmt::format("Invalid URL ({} {})", request.method, path));
}

}  // namespace responses_proxy::testing
