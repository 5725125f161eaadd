// A dialect of the host's own, for an upstream that speaks plain text: POST {base_url}/say takes a
// text and answers with one. It serves `wire_api: custom`, so providers can be registered with it;
// clients speak the Responses API to it, as to any other.
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "example_host.h"

using namespace responses_proxy;
using Json = nlohmann::ordered_json;

namespace {

UpstreamFault fault_of(int status, std::string_view words) {
  UpstreamFault fault;
  fault.status = fault.meaning = status;
  if (status >= 400) fault.message = words.substr(0, 200);
  return fault;
}

// Reads a text, and gives the client one document, or, if that is what it asked for, events.
class PlainTranslation final : public Translation {
 public:
  PlainTranslation(bool stream, std::string response_id, std::string model)
      : stream_(stream), model_(std::move(model)) {
    facts_.response_id = std::move(response_id);
  }

  AnswerHead head(int status, Headers) override {
    status_ = status;
    stream_ = stream_ && status == 200;
    facts_.complete = !stream_;
    return {{status, {{"content-type", stream_ ? "text/event-stream" : "application/json"}}, {}},
            stream_};
  }
  void read(std::string_view bytes, AnswerSink& sink) override {
    text_.append(bytes);
    if (!stream_) return;
    facts_.substance = true;
    give("response.output_text.delta", {{"delta", bytes}}, AnswerState::open, sink);
  }
  void finish(AnswerSink& sink) override {
    facts_.complete = true;
    if (status_ != 200) {
      facts_.error_code = "plain_error";
      return sink.bytes(Json{{"error", {{"message", text_}, {"code", "plain_error"}}}}.dump());
    }
    facts_.state = AnswerState::completed;
    if (!stream_) return sink.bytes(response().dump());
    give("response.completed", {{"response", response()}}, AnswerState::completed, sink);
  }
  const AnswerFacts& facts() const override { return facts_; }
  UpstreamFault fault(WallTime) const override { return fault_of(status_, text_); }
  // What a conversation is continued with: the upstream remembers nothing.
  StoredResponse stored() const override { return {facts_.response_id, message().dump(), true}; }

 private:
  Json message() const {
    return {{"type", "message"},
            {"role", "assistant"},
            {"content", {{{"type", "output_text"}, {"text", text_}}}}};
  }
  Json response() const {
    return {{"id", facts_.response_id}, {"object", "response"},  {"status", "completed"},
            {"model", model_},          {"output", {message()}}, {"usage", nullptr}};
  }
  void give(const char* type, Json event, AnswerState state, AnswerSink& sink) {
    event["type"] = type;
    event["sequence_number"] = facts_.next_sequence_number++;
    sink.event({type, event.dump(), {}, state});
  }

  bool stream_;
  const std::string model_;
  int status_ = 0;
  std::string text_;
  AnswerFacts facts_;
};

class PlainDialect final : public Dialect {
 public:
  std::string_view name() const override { return "custom"; }
  void authorize(Headers& headers, const Resource& resource) const override {
    headers.set("x-plain-key", resource.credential.reveal());
  }
  UpstreamCall probe(const Resource& resource, std::string_view path) const override {
    UpstreamCall call{"GET", resource.base_url + "/" + std::string(path), {}, {}};
    authorize(call.headers, resource);
    return call;
  }
  UpstreamFault fault(const UpstreamAnswer& answer) const override {
    return fault_of(answer.status, answer.body);
  }
  Result<Translated> translate(const Turn& turn, const Resource& resource) const override {
    const Json body = Json::parse(turn.request.body, nullptr, false);
    if (!body.is_object() || !body.contains("input") || !body["input"].is_string()) {
      return Error::invalid_request("unsupported_input", "Say it in one text.", "input");
    }
    UpstreamCall call{"POST", resource.base_url + "/say", {{"content-type", "text/plain"}}, {}};
    authorize(call.headers, resource);
    call.body = body["input"].get<std::string>();
    return Translated{std::move(call), std::make_unique<PlainTranslation>(
                                           body.value("stream", false),
                                           std::string(turn.response_id), std::string(turn.model))};
  }
};

}  // namespace

int main() {
  Config config = example::config_of("own_dialect");
  config.resources.front().wire_api = "custom";
  const PlainDialect plain;
  example::Host host(config, {.dialects = {&plain}}, "text/plain", "It works.");
  const auto whole = host.ask(example::response_request(R"({"model":"m","input":"hello"})"));
  const auto events =
      host.ask(example::response_request(R"({"model":"m","input":"hello","stream":true})"));
  const bool told = whole.body.find(R"("text":"It works.")") != std::string::npos;
  const bool streamed = events.body.find("event: response.completed") != std::string::npos;
  return whole.status == 200 && told && streamed ? 0 : 1;
}
