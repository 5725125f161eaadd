#include "demo/demo_api.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "demo/demo_responses.h"
#include "demo/demo_text.h"

namespace responses_proxy::demo {

namespace {

constexpr int kMaxDepth = 100;  // of request documents; deeper values are dropped
constexpr const char* kModels[] = {"gpt-4.1", "gpt-4.1-mini", "gpt-5.5"};

Error not_found(std::string message) {
  return Error::refused(404, "", std::move(message));
}

Error missing(const char* parameter) {
  return Error::invalid_request("missing_required_parameter",
                                fmt::format("Missing required parameter: '{}'.", parameter),
                                parameter);
}

Json model_object(const std::string& id) {
  return {{"id", id}, {"object", "model"}, {"created", 1744316542}, {"owned_by", "system"}};
}

Json list_of(Json items) {
  Json first = items.empty() ? Json(nullptr) : items.front()["id"];
  Json last = items.empty() ? Json(nullptr) : items.back()["id"];
  return {{"object", "list"},
          {"data", std::move(items)},
          {"first_id", std::move(first)},
          {"last_id", std::move(last)},
          {"has_more", false}};
}

Result<Json> parse(const std::string& body) {
  const auto shallow = [](int depth, Json::parse_event_t, Json&) { return depth <= kMaxDepth; };
  Json json = Json::parse(body, shallow, /*allow_exceptions=*/false);
  if (json.is_object()) return json;
  return Error::invalid_request("", "We could not parse the JSON body of your request.");
}

bool names_model(const Json& body) {
  return body.value("model", Json()).is_string();
}

}  // namespace

Result<DemoApi::Created> DemoApi::create(const std::string& token, const std::string& body) {
  const Result<Json> request = validated(token, body);
  if (!request) return request.error();
  const std::string text = answer_to(last_user_text((*request)["input"]));
  const std::string id = new_id("resp");
  Json response = completed_response(*request, {id, new_id("msg"), now(), text});
  if (response["store"] != false) {
    responses_.put(token, id,
                   {{"response", response}, {"input_items", demo::input_items(*request, id)}});
  }
  return Created{std::move(response), text, request->value("stream", Json()) == true};
}

Result<Json> DemoApi::validated(const std::string& token, const std::string& body) const {
  Result<Json> request = parse(body);
  if (!request) return request;
  if (!names_model(*request)) return missing("model");
  if (!request->contains("input")) return missing("input");
  const Json previous = request->value("previous_response_id", Json());
  if (previous.is_string() && !responses_.find(token, previous)) {
    return Error::invalid_request(
        "previous_response_not_found",
        fmt::format("Previous response with id '{}' not found.", previous.get<std::string>()),
        "previous_response_id");
  }
  Json in_conversation = request->value("conversation", Json());
  if (in_conversation.is_object()) in_conversation = in_conversation.value("id", Json());
  if (in_conversation.is_string()) {
    const Result<Json> known = conversation(token, in_conversation);
    if (!known) return known.error();
    (*request)["conversation"] = {{"id", in_conversation}};
  }
  return request;
}

Result<Json> DemoApi::compact(const std::string& body) {
  const Result<Json> request = parse(body);
  if (!request) return request.error();
  if (!names_model(*request)) return missing("model");
  const std::string id = new_id("resp");
  Json output = demo::input_items(*request, id);
  output.push_back(
      {{"id", new_id("cmp")}, {"type", "compaction"}, {"encrypted_content", new_id("demo")}});
  return Json{{"id", id},
              {"object", "response.compaction"},
              {"created_at", now()},
              {"output", std::move(output)},
              {"usage", usage_of(words_of_input(*request), 1)}};
}

Result<Json> DemoApi::input_tokens(const std::string& body) const {
  const Result<Json> request = parse(body);
  if (!request) return request.error();
  return Json{{"object", "response.input_tokens"}, {"input_tokens", words_of_input(*request)}};
}

Result<Json> DemoApi::response(const std::string& token, const std::string& id) const {
  if (auto found = responses_.find(token, id)) return std::move((*found)["response"]);
  return not_found(fmt::format("Response with id '{}' not found.", id));
}

Result<Json> DemoApi::delete_response(const std::string& token, const std::string& id) {
  Result<Json> known = response(token, id);
  if (!known) return known;
  responses_.erase(token, id);
  return Json{{"id", id}, {"object", "response"}, {"deleted", true}};
}

Result<Json> DemoApi::cancel(const std::string& token, const std::string& id) const {
  Result<Json> known = response(token, id);
  if (!known || known->value("background", Json()) == true) return known;
  return Error::invalid_request("", "Cannot cancel a synchronous response.");
}

Result<Json> DemoApi::input_items(const std::string& token, const std::string& id) const {
  if (auto found = responses_.find(token, id)) return list_of(std::move((*found)["input_items"]));
  return not_found(fmt::format("Response with id '{}' not found.", id));
}

Result<Json> DemoApi::create_conversation(const std::string& token, const std::string& body) {
  const Result<Json> request = body.empty() ? Json::object() : parse(body);
  if (!request) return request.error();
  Json created = {{"id", new_id("conv")},
                  {"object", "conversation"},
                  {"created_at", now()},
                  {"metadata", request->value("metadata", Json::object())}};
  conversations_.put(token, created["id"], created);
  return created;
}

Result<Json> DemoApi::conversation(const std::string& token, const std::string& id) const {
  if (auto found = conversations_.find(token, id)) return *std::move(found);
  return not_found(fmt::format("Conversation with id '{}' not found.", id));
}

Result<Json> DemoApi::delete_conversation(const std::string& token, const std::string& id) {
  Result<Json> known = conversation(token, id);
  if (!known) return known;
  conversations_.erase(token, id);
  return Json{{"id", id}, {"object", "conversation.deleted"}, {"deleted", true}};
}

Result<Json> DemoApi::models() const {
  Json data = Json::array();
  for (const char* id : kModels) data.push_back(model_object(id));
  return Json{{"object", "list"}, {"data", std::move(data)}};
}

Result<Json> DemoApi::model(const std::string& id) const {
  for (const char* known : kModels) {
    if (id == known) return model_object(id);
  }
  Error error = not_found(fmt::format("The model '{}' does not exist", id));
  error.code = "model_not_found";
  error.param = "model";
  return error;
}

std::string DemoApi::new_id(std::string_view prefix) {
  return fmt::format("{}_{:016x}{:016x}", prefix, random_.next(), random_.next());
}

std::int64_t DemoApi::now() const {
  return std::chrono::duration_cast<std::chrono::seconds>(clock_.wall().time_since_epoch()).count();
}

}  // namespace responses_proxy::demo
