// Clients of the Responses API before providers that do not speak it: what a client sees is the
// same whatever stands behind. Over HTTP, as a stream, and over a socket.
#include <doctest/doctest.h>

#include "fakes/responses_stream_rules.h"
#include "integration/post.h"
#include "integration/session_client.h"
#include "integration/translating_providers.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

Json output_of(const std::string& call_id, const std::string& text) {
  return {{"type", "function_call_output"}, {"call_id", call_id}, {"output", text}};
}

Json reference(const std::string& id) {
  return {{"type", "item_reference"}, {"id", id}};
}

const Json kSure{{"role", "user"}, {"content", "sure?"}};

}  // namespace

TEST_CASE("translated turns: a document") {
  EACH_TRANSLATING_PROVIDER(provider) {
    CAPTURE(provider.name);
    ScriptedUpstream upstream;
    provider.answer(upstream, {provider.document("Hi there")});
    TestProxy proxy(provider.config(upstream, {"sk-a"}));
    const std::string body = R"({"model":"m","instructions":"be kind","input":"hello"})";
    const auto result = post(proxy, body);
    REQUIRE(result);
    CHECK(result->status == 200);
    CHECK(result->get_header_value("content-type") == "application/json");
    const Json response = Json::parse(result->body);
    check_response_members(response, Json::parse(body));
    CHECK(response["output"][0]["content"][0]["text"] == "Hi there");
    CHECK(response["created_at"] == 1795219200);
    const RecordedRequest sent = upstream.requests().at(0);
    CHECK(provider.key(sent) == "sk-a");
    CHECK(provider.told(sent) == "system: be kind | user: hello");
    const RequestRecord record = proxy.records().wait_for(1).at(0);
    CHECK(response["id"] == record.response_id);
    CHECK(record.usage.total == 13);
    CHECK(record.completed);
  }
}

TEST_CASE("translated turns: a stream, and every answer has an id of its own") {
  EACH_TRANSLATING_PROVIDER(provider) {
    CAPTURE(provider.name);
    ScriptedUpstream upstream;
    provider.answer(upstream, {provider.says("Hi there")});
    TestProxy proxy(provider.config(upstream, {"sk-a"}));
    const std::string body = R"({"model":"m","stream":true,"input":"hello"})";
    std::string before;
    for (int i = 0; i < 2; ++i) {
      const auto result = post(proxy, body);
      REQUIRE(result);
      CHECK(result->get_header_value("content-type") == "text/event-stream");
      const std::vector<Json> events = events_in(result->body);
      check_stream_rules(events, Json::parse(body));
      CHECK(text_of(events) == "Hi there");
      CHECK(response_id_of(events) != before);
      CHECK(events.back()["response"]["usage"]["input_tokens"] == 10);
      before = response_id_of(events);
    }
    for (const RequestRecord& record : proxy.records().wait_for(2)) {
      CHECK(record.completed);
      CHECK(record.usage.total == 13);
    }
  }
}

TEST_CASE("translated turns: a conversation over a socket, with a tool, each turn an increment") {
  EACH_TRANSLATING_PROVIDER(provider) {
    CAPTURE(provider.name);
    ScriptedUpstream upstream;
    provider.answer(upstream, {provider.calls("call_1", R"({"at":"x"})"), provider.says("Done")});
    TestProxy proxy(provider.config(upstream, {"sk-a"}));
    SessionClient client(proxy);
    const Json more{{"tools", kLook}, {"store", false}};
    const auto first = client.ask(create("go", more));
    check_stream_rules(first, more);
    const Json& output = first.back()["response"]["output"];
    REQUIRE(output.size() == 2);
    CHECK(output[0]["summary"][0]["text"] == "Hm");
    CHECK(output[1]["name"] == "look");
    CHECK(output[1]["namespace"] == "ns");
    Json next = more;
    next["type"] = "response.create";
    next["model"] = "m";
    next["previous_response_id"] = response_id_of(first);
    next["input"] = Json::array({output_of("call_1", "seen")});
    CHECK(text_of(client.ask(next)) == "Done");
    CHECK(provider.told(upstream.requests().at(1)) ==
          R"(user: go | call ns__look {"at":"x"} | output seen)");
  }
}

TEST_CASE("translated turns: a warm-up is answered here, and the first turn builds on it") {
  EACH_TRANSLATING_PROVIDER(provider) {
    CAPTURE(provider.name);
    ScriptedUpstream upstream;
    provider.answer(upstream, {provider.says("Hi")});
    TestProxy proxy(provider.config(upstream, {"sk-a"}));
    SessionClient client(proxy);
    const Json asked = create("base", {{"generate", false}, {"tools", kLook}});
    const auto warm = client.ask(asked);
    REQUIRE(type_of(warm.back()) == "response.completed");
    check_stream_rules(warm, asked);
    CHECK(warm.back()["response"]["usage"]["total_tokens"] == 0);
    CHECK(upstream.requests().empty());
    const auto turn = client.ask(create("go", {{"previous_response_id", response_id_of(warm)}}));
    CHECK(text_of(turn) == "Hi");
    CHECK(provider.told(upstream.requests().at(0)) == "user: base | user: go");
  }
}

TEST_CASE("translated turns: what a response said is continued over HTTP, on any key") {
  EACH_TRANSLATING_PROVIDER(provider) {
    for (const bool store : {true, false}) {
      CAPTURE(provider.name);
      CAPTURE(store);
      ScriptedUpstream upstream;
      provider.answer(
          upstream, {provider.calls("call_1", "{}"), provider.says("Done"), provider.says("Yes")});
      TestProxy proxy(provider.config(upstream, {"sk-a", "sk-b"}));
      const Json ask{{"model", "m"}, {"stream", true}, {"store", store}, {"tools", kLook}};
      std::string previous;
      const auto turn = [&](const Json& input, const char* out_of_the_way) {
        Json body = ask;
        body["input"] = input;
        if (!previous.empty()) body["previous_response_id"] = previous;
        const auto busy = proxy.keep_busy({out_of_the_way});
        const auto result = post(proxy, dump(body));
        REQUIRE(result);
        CHECK(result->status == 200);
        previous = response_id_of(events_in(result->body));
      };
      turn("go", "openai-2");
      turn(Json::array({output_of("call_1", "seen")}), "openai-2");
      take_out(proxy, "openai-1");
      turn("sure?", "openai-1");
      const auto requests = upstream.requests();
      REQUIRE(requests.size() == 3);
      CHECK(provider.key(requests[2]) == "sk-b");
      CHECK(provider.told(requests[2]) ==
            "user: go | call ns__look {} | output seen | assistant: Done | user: sure?");
    }
  }
}

TEST_CASE("translated turns: what nobody remembers is refused, over HTTP and over a socket") {
  EACH_TRANSLATING_PROVIDER(provider) {
    CAPTURE(provider.name);
    ScriptedUpstream upstream;
    TestProxy proxy(provider.config(upstream, {"sk-a"}));
    const auto result =
        post(proxy, R"({"model":"m","input":"x","previous_response_id":"resp_unknown"})");
    REQUIRE(result);
    CHECK(result->status == 400);
    CHECK(Json::parse(result->body)["error"]["code"] == "previous_response_not_found");
    SessionClient client(proxy);
    const auto events = client.ask(create("x", {{"previous_response_id", "resp_unknown"}}));
    REQUIRE(events.size() == 1);
    CHECK(events[0]["error"]["code"] == "previous_response_not_found");
    CHECK(upstream.requests().empty());
  }
}

TEST_CASE("translated turns: an overload moves a request, in the head and inside a 200") {
  EACH_TRANSLATING_PROVIDER(provider) {
    for (const bool in_band : {false, true}) {
      for (const bool stream : {false, true}) {
        CAPTURE(provider.name);
        CAPTURE(in_band);
        CAPTURE(stream);
        ScriptedUpstream upstream;
        provider.answer(upstream, {provider.overload(in_band, stream),
                                   stream ? provider.says("Hi") : provider.document("Hi")});
        TestProxy proxy(provider.config(upstream, {"sk-a", "sk-b"}));
        const auto busy = proxy.keep_busy({"openai-2"});
        const auto result =
            post(proxy, dump({{"model", "m"}, {"input", "hello"}, {"stream", stream}}));
        REQUIRE(result);
        CHECK(result->status == 200);
        CHECK(result->get_header_value("x-proxy-decision") == "failover");
        CHECK(proxy.resource("openai-1")->health() == Health::degraded);
      }
    }
  }
}

TEST_CASE("translated turns: what fails at once begins all the same, over HTTP and over a socket") {
  EACH_TRANSLATING_PROVIDER(provider) {
    for (const bool in_band : {true, false}) {
      CAPTURE(provider.name);
      CAPTURE(in_band);
      ScriptedUpstream upstream;
      provider.answer(upstream, {in_band ? provider.overload(true, true) : chunks({}, false)});
      TestProxy proxy(provider.config(upstream, {"sk-a"}));
      const std::string body = post_reading(proxy, R"({"model":"m","stream":true,"input":"hello"})",
                                            [](const std::string&) {});
      SessionClient client(proxy);
      for (const std::vector<Json>& events : {events_in(body), client.ask(create("hello"))}) {
        CHECK(types_of(events) == std::vector<std::string>{"response.created",
                                                           "response.in_progress",
                                                           "response.failed"});
        for (std::size_t i = 0; i < events.size(); ++i) CHECK(events[i]["sequence_number"] == i);
      }
    }
  }
}

TEST_CASE("translated turns: a context that is too long is the client's affair") {
  EACH_TRANSLATING_PROVIDER(provider) {
    CAPTURE(provider.name);
    ScriptedUpstream upstream;
    provider.answer(upstream, {provider.too_long()});
    TestProxy proxy(provider.config(upstream, {"sk-a", "sk-b"}));
    for (const bool stream : {false, true}) {
      const auto result =
          post(proxy, dump({{"model", "m"}, {"input", "hello"}, {"stream", stream}}));
      REQUIRE(result);
      CHECK(result->status == 400);
      CHECK(Json::parse(result->body)["error"]["code"] == "context_length_exceeded");
    }
    CHECK(upstream.requests().size() == 2);
    for (const char* key : {"openai-1", "openai-2"}) {
      CHECK(proxy.resource(key)->health() != Health::degraded);
    }
  }
}

TEST_CASE("translated turns: a stream that breaks off, and one that ends without saying so") {
  EACH_TRANSLATING_PROVIDER(provider) {
    for (const bool broken : {true, false}) {
      CAPTURE(provider.name);
      CAPTURE(broken);
      ScriptedUpstream upstream;
      provider.answer(upstream, {provider.cut(broken)});
      TestProxy proxy(provider.config(upstream, {"sk-a"}));
      const std::string body = post_reading(proxy, R"({"model":"m","stream":true,"input":"hello"})",
                                            [](const std::string&) {});
      CHECK(type_of(events_in(body).back()) == "response.failed");
      CHECK(proxy.records().wait_for(1).at(0).error == "truncated");
    }
  }
}

TEST_CASE("translated turns: a document that is read from a stream moves as long as it is open") {
  EACH_TRANSLATING_PROVIDER(provider) {
    for (const Reply& bad : {provider.cut(true), provider.cut(false), provider.late_error()}) {
      CAPTURE(provider.name);
      ScriptedUpstream upstream;
      provider.answer(upstream, {bad, provider.says("Hi")});
      TestProxy proxy(provider.config(upstream, {"sk-a", "sk-b"}));
      const auto busy = proxy.keep_busy({"openai-2"});
      const auto result = post(proxy, R"({"model":"m","input":"hello"})");
      REQUIRE(result);
      CHECK(result->status == 200);
      CHECK(result->get_header_value("x-proxy-decision") == "failover");
      CHECK(Json::parse(result->body)["output"][0]["content"][0]["text"] == "Hi");
      CHECK(proxy.resource("openai-1")->health() == Health::degraded);
    }
  }
}

TEST_CASE("translated turns: a document that nobody completes is an error, by its status") {
  EACH_TRANSLATING_PROVIDER(provider) {
    for (const Reply& bad : {provider.cut(true), provider.cut(false), provider.late_error()}) {
      CAPTURE(provider.name);
      ScriptedUpstream upstream;
      provider.answer(upstream, {bad});
      TestProxy proxy(provider.config(upstream, {"sk-a"}));
      const Given answer = given(post(proxy, R"({"model":"m","input":"hello"})"));
      CHECK(answer.status >= 500);
      REQUIRE(answer.body["error"]["code"].is_string());
      const RequestRecord record = proxy.records().wait_for(1).at(0);
      CHECK(record.status_code == answer.status);
      CHECK(record.error == answer.body["error"]["code"].get<std::string>());
      CHECK(record.blame == Blame::provider);
    }
  }
}

// What is taken back of an answer can be gone on from all the same.
TEST_CASE("translated turns: an interrupted answer is continued, over a socket and over HTTP") {
  struct Row {
    Json interrupt;
    const char* told;
  };
  const Row rows[] = {{Json::object(), "user: go | assistant: Hi | user: rather this"},
                      {{{"mode", "discard_partial_items"}}, "user: go | user: rather this"}};
  EACH_TRANSLATING_PROVIDER(provider) {
    for (const Row& row : rows) {
      CAPTURE(provider.name);
      CAPTURE(row.told);
      ScriptedUpstream upstream;
      provider.answer(upstream, {provider.stalls(), provider.says("Done")});
      TestProxy proxy(provider.config(upstream, {"sk-a"}));
      SessionClient client(proxy);
      const Json asked = create("go", {{"instructions", "be kind"}});
      client.say(asked);
      std::vector<Json> events{client.next()};
      while (type_of(events.back()) != "response.output_text.delta") {
        events.push_back(client.next());
      }
      Json interrupt{{"type", "response.interrupt"}, {"response_id", response_id_of(events)}};
      interrupt.update(row.interrupt);
      client.say(interrupt);
      for (const Json& event : client.turn()) events.push_back(event);
      const Json& end = events.back()["response"];
      CHECK(end["incomplete_details"]["reason"] == "interrupted");
      check_response_members(end, asked);
      if (row.interrupt.empty()) check_stream_rules(events, asked);
      CHECK(upstream.wait_for_aborted(1));
      const Json more{{"previous_response_id", end["id"]}};
      CHECK(text_of(client.ask(create("rather this", more))) == "Done");
      CHECK(provider.told(upstream.requests().at(1)) == row.told);
      Json over_http{{"model", "m"}, {"input", "rather this"}};
      over_http.update(more);
      CHECK(given(post(proxy, dump(over_http))).status == 200);
      CHECK(provider.told(upstream.requests().at(2)) == row.told);
    }
  }
}

TEST_CASE("translated turns: of members with the same key the last counts, for all of a request") {
  EACH_TRANSLATING_PROVIDER(provider) {
    CAPTURE(provider.name);
    ScriptedUpstream upstream;
    provider.answer(upstream, {provider.says("Hi")});
    TestProxy proxy(provider.config(upstream, {"sk-a"}));
    const auto result = post(proxy, R"({"model":"m","input":"first","stream":false,"store":true,
        "instructions":"be rude","input":"second","stre\u0061m":true,"store":false,
        "instructions":"be kind"})");
    REQUIRE(result);
    const auto events = events_in(result->body);
    REQUIRE(type_of(events.back()) == "response.completed");
    CHECK(events.back()["response"]["store"] == false);
    CHECK(events.back()["response"]["instructions"] == "be kind");
    CHECK(provider.told(upstream.requests().at(0)) == "system: be kind | user: second");
  }
}

TEST_CASE("translated turns: a request without a model is sent to nobody") {
  EACH_TRANSLATING_PROVIDER(provider) {
    CAPTURE(provider.name);
    ScriptedUpstream upstream;
    provider.answer(upstream, {provider.says("Hi")});
    TestProxy proxy(provider.config(upstream, {"sk-a"}));
    SessionClient client(proxy);
    const Given answer = given(post(proxy, R"({"input":"x"})"));
    CHECK(answer.status == 400);
    const Json over_socket =
        client.ask({{"type", "response.create"}, {"input", Json::array()}}).back();
    for (const Json& error : {answer.body["error"], over_socket["error"]}) {
      CHECK(error["code"] == "missing_required_parameter");
      CHECK(error["param"] == "model");
    }
    httplib::Client http("127.0.0.1", proxy.port());
    const Given model = given(http.Get("/v1/models/nobody/knows"));
    CHECK(model.status == 404);
    CHECK(model.body["error"]["code"] == "model_not_found");
    CHECK(upstream.requests().empty());
  }
}

TEST_CASE("translated turns: what is left out is told, what is not known is refused") {
  EACH_TRANSLATING_PROVIDER(provider) {
    CAPTURE(provider.name);
    ScriptedUpstream upstream;
    provider.answer(upstream, {provider.document("Hi")});
    TestProxy proxy(provider.config(upstream, {"sk-a"}));
    const auto result = post(proxy, R"({"model":"m","input":"x","tools":[{"type":"web_search"}]})");
    REQUIRE(result);
    CHECK(result->get_header_value("x-proxy-omitted-tools") == "web_search");
    CHECK(Json::parse(result->body)["tools"][0]["type"] == "web_search");
    CHECK(proxy.records().wait_for(1).at(0).adjusted == "omitted_tools: web_search");
    const auto refused =
        post(proxy, R"({"model":"m","input":"x","tools":[{"type":"image_generation"}]})");
    REQUIRE(refused);
    CHECK(refused->status == 400);
    CHECK(Json::parse(refused->body)["error"]["param"] == "image_generation");
    CHECK(upstream.requests().size() == 1);
  }
}

TEST_CASE("translated turns: items that an input names are put in their places") {
  EACH_TRANSLATING_PROVIDER(provider) {
    for (const bool socket : {false, true}) {
      CAPTURE(provider.name);
      CAPTURE(socket);
      ScriptedUpstream upstream;
      provider.answer(upstream, {provider.calls("call_1", R"({"at":"x"})"), provider.says("Done"),
                                 provider.says("Yes")});
      TestProxy proxy(provider.config(upstream, {"sk-a", "sk-b"}));
      SessionClient client(proxy);
      Json input = Json::array({{{"role", "user"}, {"content", "go"}}});
      const auto turn = [&] {
        Json body{{"model", "m"}, {"tools", kLook}, {"input", input}};
        body[socket ? "type" : "stream"] = socket ? Json("response.create") : Json(true);
        std::vector<Json> events;
        if (socket) {
          events = client.ask(body);
        } else {
          const auto result = post(proxy, dump(body));
          REQUIRE(result);
          events = events_in(result->body);
        }
        REQUIRE(type_of(events.back()) == "response.completed");
        for (const Json& item : events.back()["response"]["output"]) {
          input.push_back(reference(item["id"]));
        }
      };
      {
        const auto busy = proxy.keep_busy({"openai-2"});
        turn();
      }
      input.push_back(output_of("call_1", "seen"));
      turn();
      take_out(proxy, "openai-1");  // the items are known here: another key serves as well
      input.push_back(kSure);
      turn();
      const auto requests = upstream.requests();
      REQUIRE(requests.size() == 3);
      CHECK(provider.key(requests[1]) == "sk-a");
      CHECK(provider.key(requests[2]) == "sk-b");
      CHECK(provider.told(requests[2]) ==
            R"(user: go | call ns__look {"at":"x"} | output seen | assistant: Done | user: sure?)");
    }
  }
}

TEST_CASE("translated turns: an item that is not stored, or that nobody has made, is unknown") {
  EACH_TRANSLATING_PROVIDER(provider) {
    ScriptedUpstream upstream;
    provider.answer(upstream, {provider.document("Hi")});
    TestProxy proxy(provider.config(upstream, {"sk-a"}));
    SessionClient client(proxy);
    const auto made = [&](bool store) {
      const auto result = post(proxy, dump({{"model", "m"}, {"input", "x"}, {"store", store}}));
      REQUIRE(result);
      return Json::parse(result->body)["output"][0]["id"].get<std::string>();
    };
    const std::string known = made(true);
    for (const std::string& unknown : {made(false), std::string("msg_1"), known + "0"}) {
      CAPTURE(provider.name);
      CAPTURE(unknown);
      const Json input = Json::array({reference(known), reference(unknown)});
      const Json untyped = Json::array({Json{{"id", known}}, Json{{"id", unknown}}});
      const auto result = post(proxy, dump({{"model", "m"}, {"input", input}}));
      REQUIRE(result);
      CHECK(result->status == 400);
      const Json over_socket =
          client.ask({{"type", "response.create"}, {"model", "m"}, {"input", input}}).back();
      const Given by_id = given(post(proxy, dump({{"model", "m"}, {"input", untyped}})));
      for (const Json& error :
           {Json::parse(result->body)["error"], over_socket["error"], by_id.body["error"]}) {
        CHECK(error["code"] == "item_not_found");
        CHECK(error["param"] == "input[1].id");
      }
    }
    CHECK(upstream.requests().size() == 2);
  }
}
