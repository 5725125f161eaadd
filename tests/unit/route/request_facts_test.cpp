#include "route/request_facts.h"

#include <doctest/doctest.h>

#include <vector>

namespace responses_proxy {

namespace {

Result<RequestFacts> read(Headers headers, std::string body,
                          EndpointKind kind = EndpointKind::create_response,
                          std::string_view id = {}) {
  Request request;
  request.headers = std::move(headers);
  request.body = std::move(body);
  return read_request_facts(request, Endpoint{kind, id});
}

RequestFacts facts_of(Headers headers, std::string body) {
  auto facts = read(std::move(headers), std::move(body));
  REQUIRE(facts);
  return *facts;
}

Error error_of(std::string body) {
  const auto facts = read({}, std::move(body));
  REQUIRE_FALSE(facts);
  return facts.error();
}

}  // namespace

TEST_CASE("model, stream and what the request continues") {
  const RequestFacts facts = facts_of({}, R"({"model":"gpt-5.5","stream":true,
      "previous_response_id":"resp_1","input":[{"type":"never heard of"}],"unknown":{}})");
  CHECK(facts.model == "gpt-5.5");
  CHECK(facts.stream);
  CHECK(facts.previous_response_id == "resp_1");
  CHECK(facts.response_key() == "resp_1");
  CHECK(facts.session_id.empty());
  CHECK(facts.pool_id.empty());
}

TEST_CASE("fields that are null or missing say nothing") {
  const RequestFacts facts = facts_of({}, R"({"model":null,"stream":null,"metadata":null,
      "previous_response_id":null,"conversation":null,"prompt_cache_key":null,
      "client_metadata":null})");
  CHECK(facts.model.empty());
  CHECK_FALSE(facts.stream);
  CHECK(facts.response_key().empty());
  CHECK(facts.session_id.empty());
  CHECK(facts_of({}, "{}").model.empty());
  const RequestFacts inner = facts_of({}, R"({"metadata":{"session_id":null,"pool_id":null}})");
  CHECK(inner.session_id.empty());
  CHECK(inner.pool_id.empty());
}

TEST_CASE("the session is the first that names it") {
  struct Source {
    std::pair<std::string, std::string> header;
    std::string field;
  };
  // In order of precedence; each is dropped after its turn.
  std::vector<Source> sources = {
      {{"X-Proxy-Session-ID", "1"}, ""},
      {{"session_id", "2"}, ""},
      {{"Session-Id", "3"}, ""},
      {{"X-SESSION-ID", "4"}, ""},
      {{"conversation_id", "5"}, ""},
      {{}, R"("metadata":{"session_id":"6"})"},
      {{}, R"("client_metadata":{"thread_id":"8","session_id":"7"})"},
      {{}, R"("prompt_cache_key":"9")"},
  };
  const std::vector<std::string> expected = {"1", "2", "3", "4", "5", "6", "7", "9"};
  for (std::size_t first = 0; first < sources.size(); ++first) {
    Headers headers;
    std::string body;
    for (std::size_t i = sources.size(); i-- > first;) {  // later ones stand first
      if (!sources[i].header.first.empty()) {
        headers.add(sources[i].header.first, sources[i].header.second);
      } else {
        body += (body.empty() ? "" : ",") + sources[i].field;
      }
    }
    CHECK(facts_of(headers, "{" + body + "}").session_id == expected[first]);
  }
  CHECK(
      facts_of({}, R"({"prompt_cache_key":"9","client_metadata":{"thread_id":"8"}})").session_id ==
      "8");
  CHECK(facts_of({}, "{}").session_id.empty());
}

TEST_CASE("an empty source is none") {
  CHECK(facts_of({{"session_id", ""}, {"x-session-id", "4"}}, "{}").session_id == "4");
  CHECK(facts_of({{"x-proxy-session-id", ""}},
                 R"({"metadata":{"session_id":""},"prompt_cache_key":"9"})")
            .session_id == "9");
  CHECK(facts_of({{"x-proxy-pool-id", ""}}, R"({"metadata":{"pool_id":"p"}})").pool_id == "p");
}

TEST_CASE("the session's name and the pool") {
  const std::string body = R"({"metadata":{"session_name":"in body","pool_id":"body-pool"}})";
  RequestFacts facts = facts_of({}, body);
  CHECK(facts.session_name == "in body");
  CHECK(facts.pool_id == "body-pool");
  CHECK(facts.pool_param == "metadata.pool_id");
  facts = facts_of({{"x-pool-id", "short"}, {"X-Proxy-Session-Name", "in header"}}, body);
  CHECK(facts.session_name == "in header");
  CHECK(facts.pool_id == "short");
  CHECK(facts.pool_param == "x-pool-id");
  facts = facts_of({{"X-Pool-ID", "short"}, {"X-PROXY-POOL-ID", "long"}}, body);
  CHECK(facts.pool_id == "long");
  CHECK(facts.pool_param == "x-proxy-pool-id");
}

TEST_CASE("the first of: previous response, conversation, id in the path") {
  CHECK(facts_of({}, R"({"previous_response_id":"r","conversation":"c"})").response_key() == "r");
  CHECK(facts_of({}, R"({"conversation":"c"})").response_key() == "c");
  CHECK(facts_of({}, R"({"conversation":{"id":"c"}})").response_key() == "c");
  CHECK(facts_of({}, R"({"conversation":{}})").response_key().empty());
  CHECK(read({}, "", EndpointKind::response, "resp_9")->response_key() == "resp_9");
  CHECK(read({}, "", EndpointKind::conversations, "conv_9")->response_key() == "conv_9");
  CHECK(read({}, R"({"conversation":"other"})", EndpointKind::conversations, "conv_9")
            ->conversation_id == "conv_9");
}

TEST_CASE("of duplicate keys the last counts") {
  const RequestFacts facts = facts_of({}, R"({"model":"a","stream":false,"model":"b",
      "stream":true,"metadata":{"pool_id":"x"},"metadata":{"pool_id":"y","pool_id":"z"}})");
  CHECK(facts.model == "b");
  CHECK(facts.stream);
  CHECK(facts.pool_id == "z");
  CHECK(facts_of({}, R"({"model":7,"model":"b"})").model == "b");
}

TEST_CASE("a field of the wrong type is named") {
  struct Row {
    const char* body;
    const char* param;
  };
  for (const Row& row :
       {Row{R"({"model":7})", "model"}, Row{R"({"stream":"true"})", "stream"},
        Row{R"({"previous_response_id":[]})", "previous_response_id"},
        Row{R"({"conversation":7})", "conversation"}, Row{R"({"metadata":"x"})", "metadata"},
        Row{R"({"metadata":[]})", "metadata"},
        Row{R"({"metadata":{"pool_id":7}})", "metadata.pool_id"},
        Row{R"({"metadata":{"session_id":{}}})", "metadata.session_id"},
        Row{R"({"metadata":{"session_name":true}})", "metadata.session_name"},
        Row{R"({"prompt_cache_key":1.5})", "prompt_cache_key"},
        Row{R"({"stream":1,"prompt_cache_key":1})", "stream"}}) {
    CAPTURE(row.body);
    const Error error = error_of(row.body);
    CHECK(error.status == 400);
    CHECK(error.code == "invalid_type");
    CHECK(error.param == row.param);
  }
}

TEST_CASE("what the proxy does not own is not judged") {
  CHECK(facts_of({}, R"({"client_metadata":"text"})").session_id.empty());
  CHECK(facts_of({}, R"({"client_metadata":{"session_id":7,"thread_id":"t"}})").session_id == "t");
  CHECK(facts_of({}, R"({"metadata":{"other":7}})").session_id.empty());
}

TEST_CASE("JSON that no parser can hold passes where routing does not look") {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  for (const std::string& value :
       {std::string("123456789012345678901234567890"), std::string("-18446744073709551617"),
        std::string("1e999"), std::string("0.1e-99999"), std::string(R"("\ud800")"), deep,
        R"({"model":"inner","a":)" + deep + "}"}) {
    CAPTURE(value.substr(0, 40));
    const std::string text = R"({"x":)" + value + R"(,"model":"m","metadata":{"y":)" + value +
                             R"(,"pool_id":"p"},"stream":true,"z":[)" + value + "]}";
    const RequestFacts facts = facts_of({}, text);
    CHECK(facts.model == "m");
    CHECK(facts.pool_id == "p");
    CHECK(facts.stream);
  }
  CHECK(error_of(R"({"model":123456789012345678901234567890})").param == "model");
  CHECK(error_of(R"({"stream":1e999})").param == "stream");
}

TEST_CASE("keys may be written with escapes, and keys inside other values are not the body's") {
  CHECK(facts_of({}, R"({"mod\u0065l":"m"})").model == "m");
  const RequestFacts facts = facts_of({}, R"({"input":[{"model":"x"},{"stream":true}],
      "text":"\"model\":\"y\"","other":{"previous_response_id":"z"}})");
  CHECK(facts.model.empty());
  CHECK_FALSE(facts.stream);
  CHECK(facts.response_key().empty());
}

TEST_CASE("an object that comes twice is the last one only") {
  const RequestFacts facts = facts_of(
      {}, R"({"conversation":{"id":"c"},"conversation":{},"client_metadata":{"session_id":"s"},
      "client_metadata":7,"metadata":{"session_id":"t","pool_id":"p"},"metadata":{"pool_id":null}})");
  CHECK(facts.conversation_id.empty());
  CHECK(facts.session_id.empty());
  CHECK(facts.pool_id.empty());
}

TEST_CASE("ids of responses and conversations have a limit") {
  const std::string fits(kMaxKeyBytes, 'x');
  const std::string longer = fits + "y";
  CHECK(facts_of({}, R"({"previous_response_id":")" + fits + "\"}").response_key() == fits);
  struct {
    Result<RequestFacts> result;
    const char* param;
  } const cases[] = {
      {read({}, R"({"previous_response_id":")" + longer + "\"}"), "previous_response_id"},
      {read({}, R"({"conversation":")" + longer + "\"}"), "conversation"},
      {read({}, R"({"conversation":{"id":")" + longer + "\"}}"), "conversation"},
      {read({}, "", EndpointKind::response, longer), "response_id"},
      {read({}, "", EndpointKind::conversations, longer), "conversation_id"},
  };
  for (const auto& [result, param] : cases) {
    CAPTURE(param);
    REQUIRE_FALSE(result);
    CHECK(result.error().status == 400);
    CHECK(result.error().code == "id_too_long");
    CHECK(result.error().param == param);
    CHECK(result.error().message.find("513") != std::string::npos);
  }
}

TEST_CASE("a body that is no JSON object is refused where one is needed") {
  CHECK(error_of("").code == "empty_body");
  CHECK(error_of("{").code == "invalid_json");
  CHECK(error_of("{\"model\":\"\xff\"}").code == "invalid_json");
  for (const std::string broken :
       {" ", "nul", "{]", "{\"a\":1", "{\"a\":1}}", "{\"a\":1} 2", "{\"a\" 1}", "{\"a\":1 \"b\":2}",
        "{1:2}", "{\"model\":nul}", "{\"stream\":tru}", "{\"model\":\"\\ud800\"}",
        "{\"model\":\"a}", "{\"a\":[}", "{\"metadata\":{\"a\":1}"}) {
    CAPTURE(broken);
    CHECK(error_of(broken).code == "invalid_json");
  }
  CHECK(error_of("{\"a\":" + std::string(200'000, '[') + "}").code == "invalid_json");
  CHECK(error_of("[]").code == "invalid_body");
  CHECK(error_of("\"x\"").code == "invalid_body");
  for (const EndpointKind kind : {EndpointKind::compact, EndpointKind::input_tokens}) {
    CHECK_FALSE(read({}, "[]", kind));
  }
}

TEST_CASE("elsewhere the body is the upstream's to judge") {
  for (const std::string body : {"", "{", "[]", R"({"model":7})"}) {
    CAPTURE(body);
    const auto facts = read({{"session_id", "s"}}, body, EndpointKind::conversations, "conv_1");
    REQUIRE(facts);
    CHECK(facts->session_id == "s");
    CHECK(facts->response_key() == "conv_1");
  }
}

TEST_CASE("long ids stay apart, whichever field they come from; long names are cut") {
  const std::string common(kMaxIdBytes, 'x');
  const auto ids = [&](const std::string& end) {
    const std::string text = common + end;
    const std::string quoted = "\"" + text + "\"";
    std::vector<std::string> found;
    for (const char* header :
         {"x-proxy-session-id", "session_id", "session-id", "x-session-id", "conversation_id"}) {
      found.push_back(facts_of({{header, text}}, "{}").session_id);
    }
    for (const std::string& body : {R"({"metadata":{"session_id":)" + quoted + "}}",
                                    R"({"client_metadata":{"session_id":)" + quoted + "}}",
                                    R"({"client_metadata":{"thread_id":)" + quoted + "}}",
                                    R"({"prompt_cache_key":)" + quoted + "}"}) {
      found.push_back(facts_of({}, body).session_id);
    }
    for (const char* header : {"x-proxy-pool-id", "x-pool-id"}) {
      found.push_back(facts_of({{header, text}}, "{}").pool_id);
    }
    found.push_back(facts_of({}, R"({"metadata":{"pool_id":)" + quoted + "}}").pool_id);
    found.push_back(facts_of({}, R"({"model":)" + quoted + "}").model);
    return found;
  };
  for (const std::string& id : ids("1")) CHECK(id == bounded_id(common + "1"));
  for (const std::string& id : ids("2")) CHECK(id == bounded_id(common + "2"));
  for (const std::string& id : ids("")) CHECK(id == common);

  const std::string name = common + "1";
  CHECK(facts_of({{"x-proxy-session-name", name}}, "{}").session_name == common);
  CHECK(facts_of({}, R"({"metadata":{"session_name":")" + name + "\"}}").session_name == common);
}

TEST_CASE("an id in the path is what it decodes to; one that does not decode is taken as it is") {
  struct {
    const char* in_path;
    const char* id;
  } const cases[] = {{"resp_1", "resp_1"},     {"resp%5F1", "resp_1"},
                     {"%72esp_%31", "resp_1"}, {"resp%255F1", "resp%5F1"},  // once
                     {"resp%00", "resp%00"},   {"resp%5", "resp%5"}};
  for (const auto& [in_path, id] : cases) {
    CAPTURE(in_path);
    CHECK(read({}, "", EndpointKind::response, in_path)->response_key() == id);
    CHECK(read({}, "", EndpointKind::conversations, in_path)->response_key() == id);
  }
}

using Ids = std::vector<std::string>;

TEST_CASE("references to stored items, the last one first") {
  const auto references = [](const std::string& input) {
    return facts_of({}, R"({"input":)" + input + "}").item_references;
  };
  CHECK(references(R"([{"role":"user","content":"Hi"},{"type":"item_reference","id":"msg_1"},
      {"id":"rs_2","type":"item_reference"},7,null,[{"type":"item_reference","id":"inner"}]])") ==
        Ids{"rs_2", "msg_1"});
  // The type may be left out where nothing else says what the item is.
  CHECK(references(R"([{"id":"msg_1"},{"id":"msg_2","type":null}])") == Ids{"msg_2", "msg_1"});
  CHECK(facts_of({}, R"({"input":[{"type":"item_reference","id":"msg_1"}]})").continues());

  for (const std::string& input :
       {std::string(R"("text")"), std::string("[]"), std::string("null"), std::string("7"),
        std::string(R"({"type":"item_reference","id":"msg_1"})"),
        std::string(R"([{"type":"message","id":"msg_1","role":"assistant","content":[]}])"),
        std::string(R"([{"role":"assistant","id":"msg_1","content":"x"}])"),
        std::string(R"([{"type":"reasoning","id":"rs_1"}])"),
        std::string(R"([{"type":"item_reference"},{"type":"item_reference","id":7}])"),
        std::string(R"([{"type":"item_reference","id":""}])"),
        std::string(R"([{"type":"message","content":[{"type":"item_reference","id":"x"}]}])"),
        R"([{"type":"item_reference","id":")" + std::string(kMaxKeyBytes + 1, 'x') + R"("}])"}) {
    CAPTURE(input.substr(0, 60));
    CHECK(references(input).empty());
    CHECK_FALSE(facts_of({}, R"({"input":)" + input + "}").continues());
  }
}

TEST_CASE("nothing that is read from a body is of the one before") {
  const RequestFacts first = facts_of({}, R"({"model":"m","stream":true,"store":false,
      "conversation":{"id":"conv_1"},"metadata":{"session_id":"s","pool_id":"p"},
      "prompt_cache_options":{"comparison_response_id":"resp_1"},
      "input":[{"type":"item_reference","id":"msg_1"}]})");
  REQUIRE(first.item_references == Ids{"msg_1"});
  for (const char* body : {"{}", R"({"input":null,"conversation":null,"metadata":{}})",
                           R"({"client_metadata":null,"prompt_cache_options":{}})"}) {
    CAPTURE(body);
    const RequestFacts next = facts_of({}, body);
    CHECK(next.model.empty());
    CHECK_FALSE(next.stream);
    CHECK(next.stored);
    CHECK_FALSE(next.continues());
    CHECK(next.comparison_response_id.empty());
    CHECK(next.session_id.empty());
    CHECK(next.pool_id.empty());
  }
}

TEST_CASE("of many references the last ones count, of a repeated input the last one") {
  std::string input = "[";
  Ids last;
  for (std::size_t i = 0; i < 3 * kMaxItemReferences; ++i) {
    const std::string id = "msg_" + std::to_string(i);
    input += (i == 0 ? "" : ",") + (R"({"type":"item_reference","id":")" + id + "\"}");
    last.insert(last.begin(), id);
  }
  last.resize(kMaxItemReferences);
  CHECK(facts_of({}, R"({"input":)" + input + "]}").item_references == last);
  CHECK(facts_of({}, R"({"input":)" + input + R"(],"input":[{"id":"msg_x"}]})").item_references ==
        Ids{"msg_x"});
  CHECK(facts_of({}, R"({"input":)" + input + R"(],"input":"text"})").item_references.empty());
}

TEST_CASE("what is only compared with, and whether it is stored") {
  RequestFacts facts =
      facts_of({}, R"({"prompt_cache_options":{"comparison_response_id":"resp_1"}})");
  CHECK(facts.comparison_response_id == "resp_1");
  CHECK(facts.response_key().empty());
  CHECK_FALSE(facts.continues());
  CHECK(facts.stored);
  for (const char* body : {R"({"prompt_cache_options":{"comparison_response_id":7}})",
                           R"({"prompt_cache_options":"resp_1"})", R"({"prompt_cache_options":[]})",
                           R"({"store":"false"})", R"({"store":null})", R"({"store":true})"}) {
    CAPTURE(body);
    facts = facts_of({}, body);
    CHECK(facts.comparison_response_id.empty());
    CHECK(facts.stored);
  }
  CHECK_FALSE(facts_of({}, R"({"store":false})").stored);
}

}  // namespace responses_proxy
