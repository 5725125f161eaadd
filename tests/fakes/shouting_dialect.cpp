#include "fakes/shouting_dialect.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

#include "core/json.h"
#include "dialects/sse_framer.h"

namespace responses_proxy::testing {

namespace {

std::string in_capitals(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

// The text of `input`: itself, or the contents of its messages.
std::string text_of_input(const Json& input) {
  if (input.is_string()) return input;
  std::string text;
  for (const Json& item : input) {
    if (item.contains("content") && item["content"].is_string()) {
      text += item["content"].get<std::string>();
    }
  }
  return text;
}

int status_of(const std::string& problem) {
  if (problem == "busy") return 429;
  return problem == "stranger" ? 401 : 503;
}

UpstreamFault fault_of(int status, const Json& problem) {
  UpstreamFault fault;
  fault.status = fault.meaning = status;
  fault.code = problem.value("problem", "");
  fault.message = problem.value("why", "");
  if (problem.contains("wait")) fault.wait = std::chrono::seconds(problem["wait"].get<int>());
  return fault;
}

Json message_item(const std::string& text) {
  return {{"type", "message"},
          {"role", "assistant"},
          {"content", {{{"type", "output_text"}, {"text", text}}}}};
}

Json error_object(const Json& problem) {
  return {{"message", problem.value("why", "")},
          {"type", "shout_error"},
          {"param", nullptr},
          {"code", problem.value("problem", "")}};
}

class ShoutTranslation final : public Translation {
 public:
  AnswerHead head(int status, Headers from_upstream) override {
    status_ = status;
    AnswerHead head;
    head.event_stream = from_upstream.get("content-type") == "text/event-stream";
    facts_.complete = !head.event_stream;
    streaming_ = head.event_stream;
    head.response.status = status;
    head.response.headers = {
        {"content-type", head.event_stream ? "text/event-stream" : "application/json"}};
    return head;
  }

  void read(std::string_view bytes, AnswerSink& sink) override {
    if (!streaming_) {
      document_.append(bytes);
      return;
    }
    framer_.feed(bytes, [&](const SseEvent& event) {
      const Json shout = Json::parse(event.data, nullptr, false);
      if (shout.is_object() && facts_.state == AnswerState::open) hear(shout, sink);
    });
  }

  void finish(AnswerSink& sink) override {
    if (streaming_) return;
    const Json shout = Json::parse(document_, nullptr, false);
    if (!shout.is_object()) return sink.bytes(document_);
    if (status_ >= 400) {
      problem_ = shout;
      facts_.error_code = shout.value("problem", "");
      return sink.bytes(dump({{"error", error_object(shout)}}));
    }
    begin(shout);
    text_ = shout.value("shout", "");
    end(shout, AnswerState::completed);
    sink.bytes(dump(response("completed")));
  }

  const AnswerFacts& facts() const override { return facts_; }
  UpstreamFault fault(WallTime) const override {
    const bool in_band = status_ < 400 && facts_.state == AnswerState::failed;
    UpstreamFault fault = fault_of(in_band ? status_of(problem_.value("problem", "")) : status_,
                                   problem_.is_object() ? problem_ : Json::object());
    fault.in_band = in_band;
    return fault;
  }
  StoredResponse stored() const override {
    return {facts_.response_id, dump(message_item(text_)), true};
  }
  bool failure(std::string_view message, AnswerSink& sink) const override {
    if (!streaming_) return false;
    Json failed = response("failed");
    failed["error"] = {{"code", "server_error"}, {"message", message}};
    give("response.failed", {{"response", failed}}, AnswerState::failed,
         facts_.next_sequence_number, sink);
    return true;
  }

 private:
  void hear(const Json& shout, AnswerSink& sink) {
    if (shout.contains("problem")) {
      problem_ = shout;
      end(shout, AnswerState::failed);
      facts_.error_code = shout.value("problem", "");
      Json failed = response("failed");
      failed["error"] = error_object(shout);
      give("response.failed", {{"response", failed}}, AnswerState::failed,
           facts_.next_sequence_number++, sink);
    } else if (shout.contains("part")) {
      const std::string part = shout["part"];
      text_ += part;
      facts_.substance = true;
      give("response.output_text.delta", {{"delta", part}}, AnswerState::open,
           facts_.next_sequence_number++, sink);
    } else if (shout.contains("over")) {
      end(shout, AnswerState::completed);
      give("response.completed", {{"response", response("completed")}}, AnswerState::completed,
           facts_.next_sequence_number++, sink);
    } else {
      begin(shout);
      give("response.created", {{"response", response("in_progress")}}, AnswerState::open,
           facts_.next_sequence_number++, sink);
    }
  }

  void begin(const Json& shout) { facts_.response_id = "resp_" + shout.value("id", ""); }
  void end(const Json& shout, AnswerState state) {
    facts_.state = state;
    facts_.complete = true;
    if (!shout.contains("breath")) return;
    facts_.usage.input = 1;
    facts_.usage.output = shout["breath"].get<int>();
    facts_.usage.total = *facts_.usage.output + 1;
  }

  Json response(const char* status) const {
    Json response{{"id", facts_.response_id}, {"object", "response"}, {"status", status}};
    response["output"] = text_.empty() ? Json::array() : Json::array({message_item(text_)});
    response["usage"] = nullptr;
    if (facts_.usage.total) {
      response["usage"] = {{"input_tokens", *facts_.usage.input},
                           {"output_tokens", *facts_.usage.output},
                           {"total_tokens", *facts_.usage.total}};
    }
    return response;
  }

  static void give(const char* type, Json event, AnswerState state, std::int64_t number,
                   AnswerSink& sink) {
    event["type"] = type;
    event["sequence_number"] = number;
    const std::string json = dump(event);
    sink.event({type, json, {}, state});
  }

  int status_ = 0;
  bool streaming_ = false;
  std::string document_;
  std::string text_;
  Json problem_;
  SseFramer framer_{kMaxEventBytes};
  AnswerFacts facts_;
};

class ShoutingDialect final : public Dialect {
 public:
  std::string_view name() const override { return "shout"; }

  void authorize(Headers& headers, const Resource& resource) const override {
    headers.add("X-Shout-Key", resource.credential.reveal());
  }

  UpstreamCall probe(const Resource& resource, std::string_view) const override {
    UpstreamCall call{"GET", resource.base_url + "/echo", {}, {}};
    authorize(call.headers, resource);
    return call;
  }

  UpstreamFault fault(const UpstreamAnswer& answer) const override {
    const Json problem = Json::parse(answer.body, nullptr, false);
    return fault_of(answer.status, problem.is_object() ? problem : Json::object());
  }

  Result<Translated> translate(const Turn& turn, const Resource& resource) const override {
    const Json request = Json::parse(turn.request.body, nullptr, false);
    if (!request.is_object() || !request.contains("input")) {
      return Error::invalid_request("unsupported_request", "Only responses can be shouted for.");
    }
    Translated translated;
    UpstreamCall& call = translated.call;
    call.method = "POST";
    call.url = resource.base_url + "/shout";
    call.headers = {{"content-type", "application/json"}};
    authorize(call.headers, resource);
    const Json before = Json::parse("[" + std::string(turn.history.value_or("")) + "]");
    call.body = dump({{"say", in_capitals(text_of_input(before) + text_of_input(request["input"]))},
                      {"loud", request.value("stream", false)}});
    translated.answer = std::make_unique<ShoutTranslation>();
    return translated;
  }
};

}  // namespace

std::unique_ptr<Dialect> make_shouting_dialect() {
  return std::make_unique<ShoutingDialect>();
}

}  // namespace responses_proxy::testing
