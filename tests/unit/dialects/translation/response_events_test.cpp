#include "dialects/translation/response_events.h"

#include <doctest/doctest.h>

#include <utility>

#include "core/json.h"
#include "fakes/manual_clock.h"
#include "fakes/responses_stream_rules.h"
#include "unit/dialects/translation/parsed.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

struct Collected final : AnswerSink {
  void event(const AnswerEvent& event) override {
    all.push_back(Json::parse(event.json));
    CHECK(all.back()["type"] == event.type);
    CHECK(event.wire.empty());
    if (event.state != AnswerState::open) ++ends;
  }
  void bytes(std::string_view) override { FAIL("no document was asked for"); }
  std::vector<std::string> types() const {
    std::vector<std::string> types;
    for (const Json& event : all) types.push_back(event["type"]);
    return types;
  }
  std::vector<Json> all;
  int ends = 0;
};

constexpr const char* kRequest = R"({"model":"m","input":"x","temperature":0.5,
  "tools":[{"type":"function","name":"f","parameters":{"type":"object"}},
    {"type":"namespace","name":"ns","tools":[{"type":"custom","name":"exec"}]},
    {"type":"local_shell"},{"type":"web_search"}],
  "reasoning":{"effort":"high"},"metadata":{"k":"v"},"store":false})";

class Answer {
 public:
  explicit Answer(bool events = true, std::size_t keep = 100'000)
      : request_(parsed(kRequest)),
        out(ResponseObject(request_->conversation(), "resp_7", "alias", 42),
            std::move(request_->conversation().names), {events, false, false, keep, &clock_}) {
    out.give_to(sink);
  }

 private:
  std::unique_ptr<ParsedRequest> request_;
  ManualClock clock_;

 public:
  ResponseEvents out;
  Collected sink;
};

}  // namespace

TEST_CASE("response events: a text is created, added, written, done, in this order") {
  Answer answer;
  answer.out.begin();
  answer.out.text("Hi ");
  answer.out.text("there");
  answer.out.set_usage({5, 2, 1, 3, 1, std::nullopt});
  answer.out.complete();
  answer.out.text("too late");
  CHECK(answer.sink.types() ==
        std::vector<std::string>{"response.created", "response.in_progress",
                                 "response.output_item.added", "response.content_part.added",
                                 "response.output_text.delta", "response.output_text.delta",
                                 "response.output_text.done", "response.content_part.done",
                                 "response.output_item.done", "response.completed"});
  const auto& all = answer.sink.all;
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(all[i]["sequence_number"] == i);
  CHECK(answer.sink.ends == 1);
  const Json& response = all.back()["response"];
  CHECK(response["output"][0] == all[8]["item"]);
  CHECK(response["output"][0]["content"][0]["text"] == "Hi there");
  CHECK(response["output"][0]["id"] == all[2]["item"]["id"]);
  CHECK(dump(response["usage"]) ==
        R"({"input_tokens":5,"input_tokens_details":{"cached_tokens":2,"cache_write_tokens":1},)"
        R"("output_tokens":3,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":8})");
  CHECK(response["status"] == "completed");
  CHECK(response["completed_at"].is_number());
  const AnswerFacts& facts = answer.out.facts();
  CHECK(facts.state == AnswerState::completed);
  CHECK(facts.usage.total == 8);
  CHECK(facts.text_bytes == 8);
  CHECK(facts.item_ids.size() == 1);
  CHECK_FALSE(facts.stored);
  const StoredResponse stored = answer.out.stored();
  CHECK(stored.whole);
  CHECK(Json::parse(stored.output) == response["output"][0]);
}

TEST_CASE("response events: every documented member is there, echoed or null") {
  Answer answer;
  answer.out.begin();
  const Json& created = answer.sink.all.at(0)["response"];
  check_response_members(created, Json::parse(kRequest));
  CHECK(created["model"] == "alias");
  CHECK(created["created_at"] == 42);
  CHECK(created["temperature"] == 0.5);
  CHECK(created["tools"] == Json::parse(kRequest)["tools"]);
  CHECK(dump(created["reasoning"]) == R"({"effort":"high","summary":null})");
  CHECK(created["status"] == "in_progress");
  CHECK(created["usage"].is_null());
}

TEST_CASE("response events: thoughts, text, a call, text again: items without a gap") {
  Answer answer;
  answer.out.reasoning("hm");
  answer.out.end_reasoning("sealed");
  answer.out.text("one");
  const auto call = answer.out.begin_call("f", "c1");
  answer.out.arguments(call, "{\"a\":");
  answer.out.arguments(call, "1}");
  answer.out.end_call(call);
  answer.out.text("two");
  answer.out.complete();
  const Json& output = answer.sink.all.back()["response"]["output"];
  REQUIRE(output.size() == 4);
  CHECK(output[0]["type"] == "reasoning");
  CHECK(output[0]["summary"][0]["text"] == "hm");
  CHECK(output[0]["encrypted_content"] == "sealed");
  CHECK(output[1]["content"][0]["text"] == "one");
  CHECK(output[2]["arguments"] == "{\"a\":1}");
  CHECK(output[3]["content"][0]["text"] == "two");
  std::vector<std::string> added;
  int open = 0;
  for (const Json& event : answer.sink.all) {
    if (event["type"] == "response.output_item.added") {
      CHECK(open++ == 0);
      CHECK(event["output_index"] == added.size());
      added.push_back(event["item"]["id"]);
    }
    if (event["type"] == "response.output_item.done") --open;
  }
  for (std::size_t i = 0; i < added.size(); ++i) CHECK(output[i]["id"] == added[i]);
}

TEST_CASE("response events: a call comes back as its tool was declared") {
  Answer answer;
  const auto custom = answer.out.begin_call("ns__exec", "c1");
  answer.out.arguments(custom, R"({"input":"echo \"hi\""})");
  answer.out.end_call(custom);
  const auto shell = answer.out.begin_call("local_shell", "c2");
  answer.out.arguments(shell, R"({"command":["ls"],"timeout_ms":5})");
  const auto unknown = answer.out.begin_call("nobody", "");
  answer.out.complete();
  CHECK_FALSE(unknown == shell);
  const Json& output = answer.sink.all.back()["response"]["output"];
  CHECK(output[0]["type"] == "custom_tool_call");
  CHECK(output[0]["name"] == "exec");
  CHECK(output[0]["namespace"] == "ns");
  CHECK(output[0]["input"] == "echo \"hi\"");
  CHECK(output[1]["type"] == "local_shell_call");
  CHECK(dump(output[1]["action"]) == R"({"type":"exec","command":["ls"],"timeout_ms":5,"env":{}})");
  CHECK(output[2]["type"] == "function_call");
  CHECK(output[2]["arguments"] == "{}");
  CHECK_FALSE(output[2]["call_id"].get<std::string>().empty());
  for (const Json& event : answer.sink.all) {
    if (event["type"] == "response.output_item.added") {
      const Json& item = event["item"];
      CHECK(item["status"] == "in_progress");
      CHECK(item.value("namespace", "") == (item["type"] == "custom_tool_call" ? "ns" : ""));
    }
    if (event["type"] == "response.custom_tool_call_input.done") {
      CHECK(event["input"] == "echo \"hi\"");
    }
  }
}

TEST_CASE("response events: what is cut says so, what was whole does not") {
  Answer answer;
  const auto first = answer.out.begin_call("f", "c1");
  answer.out.arguments(first, "{}");
  const auto second = answer.out.begin_call("f", "c2");
  answer.out.arguments(second, "{\"a\":");
  answer.out.incomplete("max_output_tokens");
  const Json& response = answer.sink.all.back()["response"];
  CHECK(answer.sink.all.back()["type"] == "response.incomplete");
  CHECK(response["incomplete_details"]["reason"] == "max_output_tokens");
  CHECK(response["output"][0]["status"] == "completed");
  CHECK(response["output"][1]["status"] == "incomplete");
  CHECK(response["completed_at"].is_null());
}

TEST_CASE("response events: a refusal is a part of its own") {
  Answer answer;
  answer.out.text("well, ");
  answer.out.refusal("no");
  answer.out.incomplete("content_filter");
  const Json& content = answer.sink.all.back()["response"]["output"][0]["content"];
  REQUIRE(content.size() == 2);
  CHECK(content[1]["type"] == "refusal");
  CHECK(content[1]["refusal"] == "no");
  CHECK(answer.sink.all.back()["response"]["output"][0]["status"] == "incomplete");
}

TEST_CASE("response events: a failure has the output that was done, and the usage") {
  Answer answer;
  answer.out.reasoning("hm");
  answer.out.text("par");
  answer.out.set_usage({1, 0, 0, 2, 0, std::nullopt});
  Collected cut;
  answer.out.fail_now("it broke off", cut);
  CHECK(cut.all.at(0)["sequence_number"] == answer.sink.all.size());
  CHECK(cut.all[0]["response"]["error"]["message"] == "it broke off");
  AnswerError error;
  error.words.code = "rate_limit_exceeded";
  error.words.message = "slow";
  answer.out.fail(error);
  const Json& response = answer.sink.all.back()["response"];
  CHECK(response["status"] == "failed");
  CHECK(response["error"]["code"] == "rate_limit_exceeded");
  CHECK(response["output"].size() == 1);
  CHECK(response["usage"]["total_tokens"] == 3);
  CHECK(answer.out.facts().state == AnswerState::failed);
}

TEST_CASE("response events: what fails before it has begun begins all the same") {
  const std::vector<std::string> types{"response.created", "response.in_progress",
                                       "response.failed"};
  Answer answer;
  Collected cut;
  answer.out.fail_now("it broke off", cut);
  CHECK(cut.types() == types);
  CHECK(answer.sink.all.empty());  // nothing has changed
  CHECK(answer.out.facts().response_id.empty());
  answer.out.fail(AnswerError{});
  CHECK(answer.sink.types() == types);
  for (const auto* events : {&cut.all, &answer.sink.all}) {
    for (std::size_t i = 0; i < events->size(); ++i) CHECK((*events)[i]["sequence_number"] == i);
    CHECK((*events)[0]["response"]["status"] == "in_progress");
  }
  CHECK_FALSE(answer.out.facts().substance);

  Answer document(false);
  document.out.fail(AnswerError{});
  CHECK(document.sink.all.empty());
}

TEST_CASE("response events: a refusal cuts the call before it") {
  Answer answer;
  answer.out.text("a");
  answer.out.arguments(answer.out.begin_call("f", "c1"), "{}");
  answer.out.arguments(answer.out.begin_call("f", "c2"), "{");
  answer.out.refusal("no");
  answer.out.incomplete("content_filter");
  const Json& output = answer.sink.all.back()["response"]["output"];
  REQUIRE(output.size() == 4);
  CHECK(output[0]["status"] == "completed");
  CHECK(output[1]["status"] == "completed");
  CHECK(output[2]["status"] == "incomplete");
  CHECK(output[3]["status"] == "incomplete");
}

TEST_CASE("response events: a document says what the events would have") {
  Answer stream;
  Answer document(false);
  for (Answer* answer : {&stream, &document}) {
    answer->out.reasoning("hm");
    answer->out.text("hi");
    answer->out.arguments(answer->out.begin_call("f", "c"), "{}");
    answer->out.complete();
  }
  CHECK(document.sink.all.empty());
  CHECK(Json::parse(document.out.document()) == stream.sink.all.back()["response"]);
}

TEST_CASE("response events: more output than is kept is not stored") {
  Answer answer(true, 10);
  answer.out.text("a long text, longer than ten");
  answer.out.complete();
  CHECK_FALSE(answer.out.stored().whole);
  CHECK(answer.out.stored().output.empty());
}

TEST_CASE(
    "response events: what the client has interrupted ends as far as it had come, or without") {
  for (const PartialItems partial : {PartialItems::keep, PartialItems::discard}) {
    const bool kept = partial == PartialItems::keep;
    CAPTURE(kept);
    Answer answer;
    answer.out.reasoning("hm");
    answer.out.arguments(answer.out.begin_call("f", "c1"), "{\"a\":");
    answer.out.text("wor");
    answer.out.interrupt(partial);
    answer.out.text("too late");
    answer.out.interrupt(partial);
    CHECK(answer.sink.ends == 1);
    const Json& response = answer.sink.all.back()["response"];
    CHECK(response["status"] == "incomplete");
    CHECK(response["incomplete_details"]["reason"] == "interrupted");
    CHECK(response["output"].size() == (kept ? 3 : 1));
    CHECK(response["output"][0]["type"] == "reasoning");
    if (kept) check_stream_rules(answer.sink.all, Json::parse(kRequest));
    const StoredResponse stored = answer.out.stored();
    CHECK(stored.whole);
    CHECK(Json::parse("[" + stored.output + "]") == response["output"]);
  }
}

TEST_CASE("response events: an answer that is interrupted before it began is whole") {
  Answer answer;
  answer.out.interrupt(PartialItems::keep);
  CHECK(answer.sink.types() == std::vector<std::string>{"response.created", "response.in_progress",
                                                        "response.incomplete"});
  check_stream_rules(answer.sink.all, Json::parse(kRequest));
}
