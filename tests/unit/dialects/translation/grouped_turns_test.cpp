#include "dialects/translation/grouped_turns.h"

#include <doctest/doctest.h>

#include "unit/dialects/translation/parsed.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

std::string outline_of(const Call& call) {
  std::string text = "call " + std::string(call.call_id) + "(";
  for (const CallOutput* output : call.outputs) {
    if (text.back() != '(') text += ' ';
    text += output->parts.at(0).text;
  }
  return text + ")";
}

// "user: a | thought hm, says b, call c1(o1 o2) | output o3"
std::string outline(std::string_view items) {
  const auto request = parsed("{\"input\":[" + std::string(items) + "]}");
  std::string text;
  for (const ConversationTurn& turn : grouped_turns(request->conversation())) {
    if (!text.empty()) text += " | ";
    if (const auto* message = std::get_if<const Message*>(&turn)) {
      text += "user " + std::string((*message)->parts.at(0).text);
      continue;
    }
    if (const auto* output = std::get_if<const CallOutput*>(&turn)) {
      text += "output " + std::string((*output)->parts.at(0).text);
      continue;
    }
    std::string pieces;
    const auto add = [&](const std::string& piece) {
      pieces += (pieces.empty() ? "" : ", ") + piece;
    };
    const auto& assistant = std::get<AssistantTurn>(turn);
    for (const auto& word : assistant.words) {
      const auto* message = std::get_if<const Message*>(&word);
      add(message != nullptr ? "says " + std::string((*message)->parts.at(0).text)
                             : "thinks " + std::get<const Reasoning*>(word)->text);
    }
    for (const auto& one : assistant.calls) {
      const auto* call = std::get_if<const Call*>(&one);
      add(call != nullptr ? outline_of(**call) : "thinks " + std::get<const Reasoning*>(one)->text);
    }
    text += pieces;
  }
  return text;
}

const std::string kUser = R"({"role":"user","content":"u"})";
const std::string kSays = R"({"role":"assistant","content":"a"})";
std::string thinks(const std::string& text) {
  return R"({"type":"reasoning","summary":[{"type":"summary_text","text":")" + text + "\"}]}";
}
std::string call(const std::string& id) {
  return R"({"type":"function_call","name":"f","arguments":"{}","call_id":")" + id + "\"}";
}
std::string output(const std::string& id, const std::string& text) {
  return R"({"type":"function_call_output","call_id":")" + id + R"(","output":")" + text + "\"}";
}

}  // namespace

TEST_CASE("turns: calls in a row are one turn, and never across a message of somebody else") {
  CHECK(outline(call("1") + "," + call("2") + "," + output("1", "x") + "," + output("2", "y")) ==
        "call 1(x), call 2(y)");
  CHECK(outline(call("1") + "," + kUser + "," + call("2")) == "call 1() | user u | call 2()");
}

TEST_CASE("turns: a turn ends with the first output") {
  CHECK(outline(call("1") + "," + output("1", "x") + "," + thinks("t") + "," + call("2") + "," +
                output("2", "y") + "," + kSays) == "call 1(x) | thinks t, call 2(y) | says a");
  CHECK(outline(call("1") + "," + output("1", "x") + "," + kUser + "," + thinks("t") + "," +
                call("2") + "," + call("3")) ==
        "call 1(x) | user u | thinks t, call 2(), call 3()");
}

TEST_CASE("turns: what stands between a call and its output does not part them") {
  CHECK(outline(call("1") + "," + kSays + "," + output("1", "x")) == "says a, call 1(x)");
  CHECK(outline(call("1") + "," + kUser + "," + output("1", "x")) == "call 1(x) | user u");
}

TEST_CASE("turns: outputs in another order, late, early, several for one call") {
  CHECK(outline(call("1") + "," + call("2") + "," + output("2", "y") + "," + output("1", "x") +
                "," + kUser + "," + output("2", "z")) == "call 1(x), call 2(y z) | user u");
  CHECK(outline(output("1", "x") + "," + call("1")) == "call 1(x)");
  // The same id again belongs to the call before it.
  CHECK(outline(call("1") + "," + output("1", "x") + "," + call("1") + "," + output("1", "y")) ==
        "call 1(x) | call 1(y)");
}

TEST_CASE("turns: an output that belongs to no call is a turn of its own") {
  CHECK(outline(kUser + "," + output("9", "x") + "," + kSays) == "user u | output x | says a");
}

TEST_CASE("turns: thoughts stay in front of what they led to") {
  CHECK(outline(thinks("s") + "," + kSays + "," + thinks("t") + "," + call("1") + "," +
                thinks("v") + "," + call("2")) ==
        "thinks s, says a, thinks t, call 1(), thinks v, call 2()");
}
