#include "fakes/responses_bodies.h"

#include <fstream>
#include <stdexcept>
#include <utility>

#include "responses_proxy/error.h"
#include "source_dir.h"

namespace responses_proxy::testing {

namespace {

Json response_template() {
  static const Json object = [] {
    std::ifstream file(RP_SOURCE_DIR "/tests/golden/response.json");
    if (!file) throw std::runtime_error("tests/golden/response.json cannot be read");
    return Json::parse(file);
  }();
  return object;
}

Json usage_object(const UsageCounts& usage) {
  return {{"input_tokens", usage.input},
          {"input_tokens_details", {{"cached_tokens", usage.cached}}},
          {"output_tokens", usage.output},
          {"output_tokens_details", {{"reasoning_tokens", usage.reasoning}}},
          {"total_tokens", usage.input + usage.output}};
}

Json text_part(std::string_view text) {
  return {{"type", "output_text"},
          {"annotations", Json::array()},
          {"logprobs", Json::array()},
          {"text", text}};
}

Json message_item(std::string_view response_id, std::string_view status, Json content) {
  return {{"id", "msg_" + std::string(response_id)},
          {"type", "message"},
          {"status", status},
          {"content", std::move(content)},
          {"role", "assistant"}};
}

Json function_call_item(std::string_view response_id, std::string_view status,
                        const FunctionCall& call, std::string_view arguments) {
  return {{"id", "fc_" + std::string(response_id)},
          {"type", "function_call"},
          {"status", status},
          {"arguments", arguments},
          {"call_id", call.call_id},
          {"name", call.name}};
}

Json completed(std::string_view id, Json item, const UsageCounts& usage) {
  Json response = response_template();
  response["id"] = id;
  response["status"] = "completed";
  response["completed_at"] = response["created_at"];
  response["output"] = Json::array({std::move(item)});
  response["usage"] = usage_object(usage);
  return response;
}

// Collects events into the steps of a Reply.
class EventStream {
 public:
  explicit EventStream(std::string_view id) {
    reply_.headers = {{"Content-Type", "text/event-stream; charset=utf-8"},
                      {"Cache-Control", "no-cache"},
                      {"x-request-id", "req_" + std::string(id)}};
    Json response = response_template();
    response["id"] = id;
    event("response.created", {{"response", response}});
    event("response.in_progress", {{"response", response}});
  }

  void event(std::string_view type, Json fields) {
    Json data = {{"type", type}, {"sequence_number", reply_.steps.size()}};
    data.update(fields);
    reply_.steps.push_back(
        Step::write("event: " + std::string(type) + "\ndata: " + dump(data) + "\n\n"));
  }

  Reply take() { return std::move(reply_); }

 private:
  Reply reply_;
};

}  // namespace

Json response_object(std::string_view id, std::string_view text, const UsageCounts& usage) {
  return completed(id, message_item(id, "completed", Json::array({text_part(text)})), usage);
}

Reply json_reply(const Json& body, int status) {
  Reply reply;
  reply.status = status;
  reply.headers = {{"Content-Type", "application/json"}};
  reply.body = dump(body);
  return reply;
}

Reply json_response(std::string_view id, std::string_view text, const UsageCounts& usage) {
  Reply reply = json_reply(response_object(id, text, usage));
  reply.headers.add("x-request-id", "req_" + std::string(id));
  return reply;
}

Reply sse_stream(std::string_view id, const std::vector<std::string>& deltas,
                 const UsageCounts& usage) {
  EventStream stream(id);
  const Json empty_message = message_item(id, "in_progress", Json::array());
  const std::string item_id = empty_message["id"];
  const auto in_part = [&item_id](Json fields) {
    Json all = {{"item_id", item_id}, {"output_index", 0}, {"content_index", 0}};
    all.update(fields);
    return all;
  };

  stream.event("response.output_item.added", {{"output_index", 0}, {"item", empty_message}});
  stream.event("response.content_part.added", in_part({{"part", text_part("")}}));
  std::string text;
  for (const std::string& delta : deltas) {
    stream.event("response.output_text.delta",
                 in_part({{"delta", delta}, {"logprobs", Json::array()}}));
    text += delta;
  }
  stream.event("response.output_text.done", in_part({{"text", text}, {"logprobs", Json::array()}}));
  stream.event("response.content_part.done", in_part({{"part", text_part(text)}}));
  const Json message = message_item(id, "completed", Json::array({text_part(text)}));
  stream.event("response.output_item.done", {{"output_index", 0}, {"item", message}});
  stream.event("response.completed", {{"response", completed(id, message, usage)}});
  return stream.take();
}

Reply sse_function_call(std::string_view id, const FunctionCall& call, const UsageCounts& usage) {
  EventStream stream(id);
  const Json started = function_call_item(id, "in_progress", call, "");
  const Json done = function_call_item(id, "completed", call, call.arguments);
  stream.event("response.output_item.added", {{"output_index", 0}, {"item", started}});
  stream.event("response.function_call_arguments.delta",
               {{"item_id", done["id"]}, {"output_index", 0}, {"delta", call.arguments}});
  stream.event("response.function_call_arguments.done", {{"item_id", done["id"]},
                                                         {"output_index", 0},
                                                         {"name", call.name},
                                                         {"arguments", call.arguments}});
  stream.event("response.output_item.done", {{"output_index", 0}, {"item", done}});
  stream.event("response.completed", {{"response", completed(id, done, usage)}});
  return stream.take();
}

Reply sse_failed(std::string_view id, std::string_view code, std::string_view message) {
  EventStream stream(id);
  Json response = response_template();
  response["id"] = id;
  response["status"] = "failed";
  response["error"] = {{"code", code}, {"message", message}};
  stream.event("response.failed", {{"response", response}});
  return stream.take();
}

Reply error_reply(int status, std::string_view type, std::string_view code,
                  std::string_view message, std::string_view param) {
  const Error error{
      status, std::string(type), std::string(code), std::string(message), std::string(param), {}};
  return {status, {{"Content-Type", "application/json"}}, error.to_json(), {}, {}};
}

Json models_list(const std::vector<std::string>& ids) {
  Json models = Json::array();
  for (const std::string& id : ids) {
    models.push_back(
        {{"id", id}, {"object", "model"}, {"created", 1744316542}, {"owned_by", "system"}});
  }
  return {{"object", "list"}, {"data", models}};
}

}  // namespace responses_proxy::testing
