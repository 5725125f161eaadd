#include "dialects/translation/read_conversation.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "core/json.h"
#include "dialects/translation/read_tools.h"
#include "source_dir.h"
#include "unit/dialects/translation/parsed.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

TEST_CASE("conversation: an input that is a text is a message of the user") {
  const auto request = parsed(R"({"model":"m","instructions":"be kind","input":"hello"})");
  const Conversation& conversation = request->conversation();
  CHECK(conversation.model == "m");
  CHECK(conversation.instructions == "be kind");
  REQUIRE(conversation.items.size() == 1);
  const auto& message = std::get<Message>(conversation.items[0]);
  CHECK(message.role == Role::user);
  CHECK(message.parts.at(0).text == "hello");
  CHECK_FALSE(conversation.stream);
  CHECK(conversation.store);
}

TEST_CASE("conversation: items of every kind become what an upstream can be told") {
  const auto request = parsed(R"({"input":[
    {"role":"developer","content":"rules"},
    {"type":"message","role":"user","content":[{"type":"input_text","text":"see"},
      {"type":"input_image","image_url":"data:image/png;base64,AA","detail":"low"},
      {"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,BB"}]},
    {"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"gAAAA"},
    {"type":"custom_tool_call","call_id":"c1","name":"apply_patch","input":"*** Begin \"x\""},
    {"type":"custom_tool_call_output","call_id":"c1","output":[{"type":"input_text","text":"ok"}]},
    {"type":"local_shell_call","call_id":"c2","action":{"type":"exec","command":["ls","-l"]}},
    {"type":"local_shell_call_output","call_id":"c2","output":"a b"},
    {"type":"web_search_call","id":"ws_1","action":{"type":"search","query":"x"}},
    {"type":"compaction","encrypted_content":"gAAAA"},
    {"type":"something_new","x":1}]})");
  const auto& items = request->conversation().items;
  REQUIRE(items.size() == 7);
  CHECK(std::get<Message>(items[0]).role == Role::developer);
  const auto& parts = std::get<Message>(items[1]).parts;
  REQUIRE(parts.size() == 3);
  CHECK(parts[1].kind == Part::Kind::image);
  CHECK(parts[1].url == "data:image/png;base64,AA");
  CHECK(parts[1].detail == "low");
  CHECK(parts[2].filename == "a.pdf");
  CHECK(parts[2].path.text() == "input[1].content[2]");
  CHECK(std::get<Reasoning>(items[2]).text == "hm");
  const auto& patch = std::get<Call>(items[3]);
  CHECK(patch.wire_name == "apply_patch");
  CHECK(Json::parse(patch.arguments)["input"] == "*** Begin \"x\"");
  CHECK(std::get<CallOutput>(items[4]).parts.at(0).text == "ok");
  const auto& shell = std::get<Call>(items[5]);
  CHECK(shell.wire_name == "local_shell");
  CHECK(shell.arguments == R"({"command":["ls","-l"]})");
}

TEST_CASE(
    "conversation: earlier turns come first, and a continuation that nobody knows is refused") {
  const char* const body = R"({"previous_response_id":"resp_1","input":"again"})";
  const auto request = parsed(body, R"({"role":"user","content":"first"},
    {"type":"message","role":"assistant","content":[{"type":"output_text","text":"yes"}]})");
  const auto& items = request->conversation().items;
  REQUIRE(items.size() == 3);
  CHECK(std::get<Message>(items[0]).parts.at(0).text == "first");
  CHECK(std::get<Message>(items[0]).parts.at(0).path.text() == "input");
  CHECK(std::get<Message>(items[2]).parts.at(0).text == "again");
  const Error error = refused(body);
  CHECK(error.status == 400);
  CHECK(error.code == "previous_response_not_found");
  CHECK(error.param == "previous_response_id");
  CHECK(refused(R"({"conversation":"conv_1","input":"x"})").code == "conversation_not_found");
  CHECK(parsed(R"({"previous_response_id":null,"conversation":null,"input":"x"})"));
}

TEST_CASE("conversation: tools, where they stand in the input as well") {
  const auto request = parsed(R"({"tools":[
      {"type":"namespace","name":"ns","tools":[{"type":"function","name":"echo","parameters":null}]},
      {"type":"function","name":"ns__echo","description":"direct","parameters":{"type":"object"}},
      {"type":"web_search"},{"type":"mcp","server_label":"x"},{"type":"web_search"},
      {"type":"custom","name":"exec","description":"Runs.","format":{"type":"grammar",
        "syntax":"lark","definition":"start: X"}}],
    "tool_choice":{"type":"function","name":"echo","namespace":"ns"},
    "input":[{"type":"additional_tools","tools":[
      {"type":"function","name":"ns__echo","description":"second"},
      {"type":"function","name":"late","strict":true}]},
      {"type":"function_call","call_id":"c","name":"echo","namespace":"ns","arguments":"{}"}]})");
  const Conversation& conversation = request->conversation();
  REQUIRE(conversation.tools.size() == 4);
  std::vector<std::string> wires;
  for (const auto& tool : conversation.tools) wires.push_back(conversation.names[tool.name].wire);
  CHECK(wires[0].starts_with("ns__echo_"));
  CHECK(wires[1] == "ns__echo");
  CHECK(wires[2] == "exec");
  CHECK(wires[3] == "late");
  CHECK(conversation.tools[1].description == "direct");
  CHECK(conversation.tools[1].parameters == R"({"type":"object"})");
  CHECK(conversation.tools[0].parameters.empty());
  CHECK(conversation.tools[2].description.find("lark grammar:\nstart: X") != std::string::npos);
  CHECK(conversation.tools[3].strict == true);
  CHECK(conversation.omitted_tools == std::vector<std::string>{"web_search", "mcp"});
  CHECK(conversation.tool_choice.mode == ToolChoice::Mode::tool);
  CHECK(conversation.names[conversation.tool_choice.tool].wire == wires[0]);
  CHECK(std::get<Call>(conversation.items.at(0)).wire_name == wires[0]);
}

TEST_CASE("conversation: what a search of the client has found can be called") {
  const auto request = parsed(R"({"tools":[{"type":"tool_search","execution":"client",
      "parameters":{"type":"object"}},{"type":"tool_search","execution":"server"}],
    "input":[{"type":"tool_search_call","call_id":"c","execution":"client","arguments":{"query":"x"}},
      {"type":"tool_search_output","call_id":"c","tools":[{"type":"namespace","name":"mcp__m",
        "tools":[{"type":"function","name":"echo","description":"Echo","defer_loading":true}]}]}]})");
  const Conversation& conversation = request->conversation();
  REQUIRE(conversation.tools.size() == 2);
  CHECK(conversation.names[conversation.tools[1].name].wire == "mcp__m__echo");
  CHECK(std::get<Call>(conversation.items.at(0)).arguments == R"({"query":"x"})");
  const auto& output = std::get<CallOutput>(conversation.items.at(1));
  CHECK(output.parts.at(0).text.find("- mcp__m__echo: Echo") != std::string_view::npos);
  CHECK(conversation.omitted_tools == std::vector<std::string>{"tool_search"});
}

TEST_CASE("conversation: what nobody here can be told is refused, by its name") {
  const Error tool = refused(R"({"input":"x","tools":[{"type":"image_generation"}]})");
  CHECK(tool.status == 400);
  CHECK(tool.param == "image_generation");
  CHECK(refused(R"({"input":"x","tools":[{"type":"telepathy"}]})").param == "telepathy");
  CHECK(refused(R"({"input":[{"role":"user","content":[{"type":"input_audio"}]}]})").param ==
        "input_audio");
  CHECK(refused(R"({"input":[{"role":"user","content":"a"},{"role":"user","content":[
    {"type":"input_text","text":"b"},{"type":"hologram"}]}]})")
            .param == "input[1].content[1]");
  CHECK(refused(R"({"input":[{"type":"item_reference","id":"msg_1"}]})").param == "input[0].id");
  CHECK(refused(R"({"input":[{"role":"user","content":"a"},{"id":"msg_1"}]})").param ==
        "input[1].id");
  CHECK(refused(R"({"input":[{"type":null,"id":"msg_1"}]})").code == "item_not_found");
  CHECK(refused(R"({"prompt":{"id":"pmpt_1"},"input":"x"})").param == "prompt");
}

TEST_CASE("conversation: what has the wrong type is refused, by its place") {
  const struct {
    const char* body;
    const char* param;
  } rows[] = {
      {R"({"input":5})", "input"},
      {R"({"input":{"role":"user","content":"x"}})", "input"},
      {R"({"input":"x","instructions":["be brief"]})", "instructions"},
      {R"({"input":[{"role":"user","content":5}]})", "input[0].content"},
      {R"({"input":[{"type":"function_call","call_id":"c","name":"f","arguments":{"a":1}}]})",
       "input[0].arguments"},
      {R"({"input":[{"type":"custom_tool_call","call_id":"c","name":"f","input":{}}]})",
       "input[0].input"},
      {R"({"input":[{"role":"user","content":"x"},
        {"type":"function_call_output","call_id":"c","output":{"a":1}}]})",
       "input[1].output"},
      {R"({"input":[{"type":"function_call_output","call_id":"c","output":[
        {"type":"input_text","text":"x"},{"type":"hologram"}]}]})",
       "input[0].output[1]"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.body);
    const Error error = refused(row.body);
    CHECK(error.status == 400);
    CHECK(error.param == row.param);
  }
  CHECK(refused(R"({"input":5})").code == "invalid_type");
  for (const char* body :
       {R"({"input":null,"instructions":null})", R"({})",
        R"({"input":[{"type":"apply_patch_call_output","call_id":"c","output":null}]})",
        R"({"input":[{"type":"shell_call_output","call_id":"c","output":[{"stdout":"x"}]}]})"}) {
    CHECK(parsed(body));
  }
}

// Not by the clock: what takes a look at all tools for each of them does not end in time.
TEST_CASE("conversation: many tools are declared and chosen in linear time") {
  constexpr std::size_t kMany = 200'000;
  std::string tools;
  std::string allowed;
  for (std::size_t i = 0; i < kMany; ++i) {
    const std::string name = R"({"type":"function","name":"f)" + std::to_string(i % (kMany - 1));
    tools += name + R"("},)";
    allowed += name + R"("},)";
  }
  tools.pop_back();
  allowed.pop_back();
  const std::string body = R"({"input":"x","tools":[)" + tools +
                           R"(],"tool_choice":{"type":"allowed_tools","tools":[)" + allowed + "]}}";
  const auto request = parsed(body);
  CHECK(request->conversation().tools.size() == kMany - 1);  // the last has the name of the first
  CHECK(allowed_tools(request->conversation()).size() == kMany - 1);
}

TEST_CASE("conversation: the last change of effort counts") {
  const auto request = parsed(R"({"reasoning":{"effort":"low","summary":"auto"},"input":[
    {"type":"configuration_update","reasoning":{"effort":"medium"}},{"role":"user","content":"x"},
    {"type":"configuration_update","reasoning":{"effort":"high"}}]})");
  CHECK(request->conversation().effort == "high");
  CHECK(request->conversation().summary == "auto");
}

TEST_CASE("conversation: what one agent has told another is a message, unless it is encrypted") {
  const auto request = parsed(R"({"input":[{"type":"agent_message","author":"/root","content":[
    {"type":"input_text","text":"task"},{"type":"encrypted_content","encrypted_content":"plain"},
    {"type":"encrypted_content","encrypted_content":"gAAAAsecret"}]}]})");
  const auto& parts = std::get<Message>(request->conversation().items.at(0)).parts;
  REQUIRE(parts.size() == 2);
  CHECK(parts[1].text == "plain");
}

TEST_CASE("conversation: real requests of Codex are read whole") {
  for (const char* name : {"http_gpt55", "http_default", "v0171_http_gpt55", "v0171_http_default",
                           "v0171_http_subagent_unknown", "v0171_http_tui_unknown"}) {
    CAPTURE(name);
    std::ifstream file(std::string(RP_SOURCE_DIR "/tests/golden/codex/") + name + ".json");
    std::stringstream text;
    text << file.rdbuf();
    for (const Json& exchange : Json::parse(text.str())) {
      if (!exchange.contains("body") || !exchange["body"].contains("input")) continue;
      const std::string body = dump(exchange["body"]);
      const auto request = parsed(body);
      CHECK_FALSE(request->conversation().items.empty());
      CHECK(request->conversation().stream);
    }
  }
}

TEST_CASE("conversation: of members with the same key the last counts, however it is spelled") {
  const auto request = parsed(R"({"model":"a","input":"x","mod\u0065l":"b","store":false,"input":
    [{"role":"user","content":"y"}]})");
  const Conversation& conversation = request->conversation();
  CHECK(conversation.model == "b");
  CHECK_FALSE(conversation.store);
  REQUIRE(conversation.items.size() == 1);
  CHECK(std::get<Message>(conversation.items[0]).parts.at(0).text == "y");
}
