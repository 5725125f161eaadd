#include "fakes/responses_conversation.h"

#include <fmt/format.h>

#include <algorithm>

#include "fakes/responses_bodies.h"

namespace responses_proxy::testing {

namespace {

std::string text_of(const Json& object, const char* name) {
  if (!object.is_object() || !object.contains(name) || !object[name].is_string()) return {};
  return object[name];
}

SocketStep in_lane(Json event, std::string_view lane) {
  if (!lane.empty()) event["stream_id"] = lane;
  return SocketStep::event(event);
}

SocketStep error_event(const Reply& reply, std::string_view lane) {
  Json event = {{"type", "error"}, {"status", reply.status}};
  event.update(Json::parse(reply.body));
  Json headers = Json::object();
  for (const Header& field : reply.headers) {
    if (!equals_ignore_case(field.name, "Content-Type"))
      headers[std::string(field.name)] = field.value;
  }
  if (!headers.empty()) event["headers"] = headers;
  return in_lane(std::move(event), lane);
}

SocketStep step_of(const Step& step, std::string_view lane) {
  switch (step.kind) {
    case Step::Kind::gate:
      return SocketStep::gate(step.text);
    case Step::Kind::close:
      return SocketStep::close(1011, "the script says so");
    case Step::Kind::reset:
      return SocketStep::reset();
    case Step::Kind::stall:
      return SocketStep::stall();
    case Step::Kind::write:
      break;
  }
  const std::size_t data = step.text.find("data: ");
  if (data == std::string::npos) return SocketStep::raw(step.text);
  return in_lane(Json::parse(step.text.substr(data + 6)), lane);
}

Reply warm_up(std::string_view id) {
  Reply reply = sse_stream(id, {}, {.input = 0, .output = 0});
  const auto says = [](const Step& step, const char* type) {
    return step.text.starts_with(std::string("event: response.") + type + "\n");
  };
  std::erase_if(reply.steps, [&](const Step& step) {
    return !says(step, "created") && !says(step, "in_progress") && !says(step, "completed");
  });
  Step& completed = reply.steps.back();
  const std::size_t data = completed.text.find("data: ") + 6;
  Json event = Json::parse(completed.text.substr(data));
  event["response"]["output"] = Json::array();
  event["sequence_number"] = reply.steps.size() - 1;
  completed.text = completed.text.substr(0, data) + dump(event) + "\n\n";
  return reply;
}

}  // namespace

SocketSteps socket_steps(const Reply& reply, std::string_view lane) {
  if (reply.steps.empty() && reply.status >= 400) return {error_event(reply, lane)};
  SocketSteps steps;
  for (const Step& step : reply.before_head) steps.push_back(step_of(step, lane));
  for (const Step& step : reply.steps) steps.push_back(step_of(step, lane));
  return steps;
}

std::string ResponsesConversation::lane_of(const SocketMessage& message) {
  return text_of(message.json(), "stream_id");
}

bool ResponsesConversation::ends_lane(const SocketMessage& message) {
  return text_of(message.json(), "type") == "response.interrupt";
}

bool ResponsesConversation::knows(const std::string& id) const {
  return std::any_of(latest_.begin(), latest_.end(),
                     [&](const auto& lane) { return lane.second == id; });
}

SocketSteps ResponsesConversation::answer(const SocketMessage& message, const NextTurn& next_turn) {
  const Json body = message.json();
  const std::string lane = lane_of(message);
  const auto refuse = [&](const char* code, const std::string& text, const char* param) {
    return socket_steps(error_reply(400, "invalid_request_error", code, text, param), lane);
  };
  if (!body.is_object()) return refuse("invalid_json", "The message is not JSON.", "");
  if (ends_lane(message)) {
    Json response = response_object(text_of(body, "response_id"), "");
    response["status"] = "incomplete";
    response["output"] = Json::array();
    response["incomplete_details"] = {{"reason", "interrupted"}};
    return {in_lane({{"type", "response.incomplete"}, {"response", response}}, lane)};
  }
  if (text_of(body, "type") != "response.create") return {};

  const std::string previous = text_of(body, "previous_response_id");
  if (!previous.empty() && body.value("store", Json()) != Json(true) && !knows(previous)) {
    return refuse("previous_response_not_found",
                  fmt::format("Previous response with id '{}' not found.", previous),
                  "previous_response_id");
  }
  const std::string id = fmt::format("resp_{}_{}", connection_, message.number);
  if (body.value("generate", Json()) == Json(false)) return socket_steps(warm_up(id), lane);
  const auto turn = next_turn();
  return socket_steps(
      turn ? *turn
           : sse_stream(id, {"Hello", fmt::format(" from connection {},", connection_),
                             fmt::format(" turn {}.", message.number)}),
      lane);
}

void ResponsesConversation::learn(const SocketMessage& message, const SocketSteps& steps) {
  const std::string lane = lane_of(message);
  const std::string previous = text_of(message.json(), "previous_response_id");
  for (const SocketStep& step : steps) {
    if (step.kind != SocketStep::Kind::text && step.kind != SocketStep::Kind::fragments) continue;
    const Json event = Json::parse(step.text, nullptr, /*allow_exceptions=*/false);
    const std::string type = text_of(event, "type");
    if (type == "response.completed" || type == "response.incomplete") {
      latest_[lane] = text_of(event.value("response", Json::object()), "id");
    } else if (type == "error" || type == "response.failed") {
      // A failed continuation evicts what it continued, if that was of the same lane.
      const auto found = latest_.find(lane);
      if (found != latest_.end() && found->second == previous) latest_.erase(found);
    }
  }
}

}  // namespace responses_proxy::testing
