#include <doctest/doctest.h>

#include "control/own_request.h"
#include "storage/record_json.h"
#include "unit/control/fakes.h"

namespace responses_proxy::testing {

namespace {

RequestRecord sample_request(WallTime at) {
  using std::chrono::microseconds;
  AttemptRecord first{"openai-1",
                      "environment",
                      "default",
                      SelectionReason::session_affinity,
                      at,
                      microseconds(2'000),
                      std::nullopt,
                      0,
                      Blame::provider,
                      "connect",
                      ""};
  AttemptRecord second{"openai-2",
                       "environment",
                       "default",
                       SelectionReason::failover,
                       at,
                       microseconds(40'500),
                       microseconds(30'250),
                       200,
                       Blame::none,
                       "",
                       "up-1"};
  RequestRecord record;
  record.request_id = "req-1";
  record.client_request_id = "mine-1";
  record.caller = "alice";
  record.requested_pool_id = "wished";
  record.created_at = at + Millis(7);
  record.method = "POST";
  record.path = "/v1/responses";
  record.stream = true;
  record.session_id = "s-1";
  record.model = "gpt-4.1-mini";
  record.response_id = "resp_1";
  record.status_code = 200;
  record.completed = true;
  record.usage.input = 10;
  record.usage.output = 0;
  record.usage.total = 10;
  record.request_bytes = 120;
  record.response_bytes = 3400;
  record.text_bytes = 210;
  record.duration = microseconds(43'000);
  record.first_byte = microseconds(33'000);
  record.proxy_time = microseconds(150);
  second.usage = record.usage;
  record.attempts = {first, second};
  return record;
}

}  // namespace

TEST_CASE_FIXTURE(ControlPlaneFixture, "a request row has all its fields") {
  records.request_page = {{sample_request(clock.wall())}, "next"};
  start();
  const auto response = get("/admin/requests");
  CHECK(response.status == 200);
  CHECK(Json::parse(response.body) == Json::parse(R"({"data":[{
    "request_id":"req-1","client_request_id":"mine-1","caller":"alice","session_id":"s-1","session_name":null,
    "resource_id":"openai-2",
    "provider_id":"environment","pool_id":"default","requested_pool_id":"wished","model":"gpt-4.1-mini","model_alias":null,
    "status_code":200,"input_tokens":10,"output_tokens":0,"total_tokens":10,"cached_tokens":null,
    "reasoning_tokens":null,"created_at":"2026-11-21T00:00:00.007Z",
    "timings":{"duration_ms":43.0,"first_byte_ms":33.0,"proxy_ms":0.15},
    "method":"POST","path":"/v1/responses","stream":true,"completed":true,"blame":"none",
    "error":null,"adjusted":null,"response_id":"resp_1","background":false,"previous_response_id":null,"request_bytes":120,
    "response_bytes":3400,"text_bytes":210,"attempts":[
      {"resource_id":"openai-1","provider_id":"environment","pool_id":"default",
       "reason":"session_affinity","started_at":"2026-11-21T00:00:00.000Z","duration_ms":2.0,
       "first_byte_ms":null,"status_code":null,"blame":"provider","error":"connect",
       "upstream_request_id":null,"input_tokens":null,"output_tokens":null,"total_tokens":null,
       "cached_tokens":null,"reasoning_tokens":null},
      {"resource_id":"openai-2","provider_id":"environment","pool_id":"default",
       "reason":"failover","started_at":"2026-11-21T00:00:00.000Z","duration_ms":40.5,
       "first_byte_ms":30.25,"status_code":200,"blame":"none","error":null,
       "upstream_request_id":"up-1","input_tokens":10,"output_tokens":0,"total_tokens":10,
       "cached_tokens":null,"reasoning_tokens":null}]}],"next_cursor":"next"})"));
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "a request that reached no resource has null for it") {
  RequestRecord refused;
  refused.request_id = "req-2";
  refused.status_code = 503;
  refused.blame = Blame::proxy;
  records.request_page = {{refused}, ""};
  start();
  const Json body = get_json("/admin/requests");
  CHECK(body["next_cursor"] == nullptr);
  CHECK(body["data"][0]["resource_id"] == nullptr);
  CHECK(body["data"][0]["pool_id"] == nullptr);
  CHECK(body["data"][0]["client_request_id"] == nullptr);
  CHECK(body["data"][0]["attempts"] == Json::array());
  CHECK(body["data"][0]["input_tokens"] == nullptr);
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "words of a newer version are shown as they are") {
  RequestRecord record = sample_request(clock.wall());
  record.blame = Word<Blame>("weather");
  record.attempts[0].reason = Word<SelectionReason>("round_robin");
  record.attempts[1].blame = Word<Blame>("network");
  records.request_page = {{record}, ""};
  start();
  const Json row = get_json("/admin/requests")["data"][0];
  CHECK(row["blame"] == "weather");
  CHECK(row["attempts"][0]["reason"] == "round_robin");
  CHECK(row["attempts"][1]["blame"] == "network");
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "text that is not UTF-8 still makes valid JSON") {
  RequestRecord odd;
  odd.request_id = "req-3";
  odd.model = "bad\xff";
  records.request_page = {{odd}, ""};
  start();
  CHECK(get_json("/admin/requests")["data"][0]["model"] == "bad\xEF\xBF\xBD");
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "decision and session rows") {
  records.decision_page = {
      {{"req-1", "bob", "s-1", "name", "openai-1", "", "failover", 2, clock.wall()}}, ""};
  TokenUsage usage;
  usage.total = 7;
  records.session_page = {{{"s-1", "", "bob", "openai-1", "p", "gpt", 502, clock.wall(),
                            clock.wall() + Millis(5), 4, 1, usage}},
                          ""};
  start();
  CHECK(get_json("/admin/decisions")["data"] == Json::parse(R"([{"request_id":"req-1",
    "caller":"bob","session_id":"s-1","session_name":"name","resource_id":"openai-1","pool_id":null,
    "reason":"failover","attempt":2,"created_at":"2026-11-21T00:00:00.000Z"}])"));
  CHECK(get_json("/admin/sessions")["data"] == Json::parse(R"([{"session_id":"s-1",
    "session_name":null,"last_caller":"bob","last_resource_id":"openai-1","last_pool_id":"p","last_model":"gpt",
    "last_status_code":502,
    "created_at":"2026-11-21T00:00:00.000Z","last_seen_at":"2026-11-21T00:00:00.005Z",
    "request_count":4,"error_count":1,"input_tokens":null,"output_tokens":null,"total_tokens":7,
    "cached_tokens":null,"reasoning_tokens":null}])"));
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "an event is the whole record, with its bodies") {
  RequestRecord record = sample_request(clock.wall());
  record.response_body = "{}";
  records.request_page = {{record}, "c2"};
  start();
  const Json events = get_json("/admin/telemetry");
  CHECK(records.last_query.with_bodies);
  CHECK(events["next_cursor"] == "c2");
  Json event = events["data"][0];
  CHECK(event["payload"] == Json::parse(responses_proxy::dump(record_to_json(record))));
  CHECK(event["payload"]["response_body"] == "{}");
  event.erase("payload");
  CHECK(event == Json::parse(R"({"event_id":"req-1:request.completed",
    "type":"request.completed","request_id":"req-1","created_at":"2026-11-21T00:00:00.007Z"})"));
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "usage by one group, or all five") {
  TokenUsage usage;
  usage.input = 1;
  usage.output = 2;
  usage.total = 3;
  records.usage_rows = {{"key", 5, 1, usage}};
  start();
  CHECK(get_json("/admin/usage?by=resource") ==
        Json::parse(R"({"data":[{"resource_id":"key","requests":5,"errors":1,"input_tokens":1,
          "output_tokens":2,"total_tokens":3,"cached_tokens":null,"reasoning_tokens":null}]})"));
  CHECK(get_json("/admin/usage?by=day")["data"][0]["day"] == "key");
  CHECK(get_json("/admin/usage?by=caller")["data"][0]["caller"] == "key");
  records.groups.clear();
  const Json all = get_json("/admin/usage");
  CHECK(all.size() == 5);
  CHECK(all["by_day"][0]["day"] == "key");
  CHECK(all["by_model"][0]["model"] == "key");
  CHECK(all["by_resource"][0]["resource_id"] == "key");
  CHECK(all["by_session"][0]["session_id"] == "key");
  CHECK(all["by_caller"][0]["caller"] == "key");
  CHECK(records.groups == std::vector{UsageBy::day, UsageBy::model, UsageBy::resource,
                                      UsageBy::session, UsageBy::caller});
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "filters reach the store") {
  start();
  CHECK(get("/admin/requests").status == 200);
  CHECK(records.last_query.limit == 50);
  CHECK(records.last_query.cursor.empty());
  CHECK_FALSE(records.last_query.session_id);
  CHECK_FALSE(records.last_query.since);

  CHECK(get("/admin/requests?limit=1000&cursor=abc&session_id=s%201&resource_id=openai-1"
            "&pool_id=p&model=a/b&status=499&since=2026-11-21T01:00:00Z&until=1795222800.5"
            "&requested_pool_id=w&caller=alice")
            .status == 200);
  const RecordQuery& query = records.last_query;
  CHECK(query.limit == 1000);
  CHECK(query.cursor == "abc");
  CHECK(query.session_id == "s 1");
  CHECK(query.resource_id == "openai-1");
  CHECK(query.pool_id == "p");
  CHECK(query.requested_pool_id == "w");
  CHECK(query.model == "a/b");
  CHECK(query.caller == "alice");
  CHECK(query.status == 499);
  CHECK_FALSE(query.status_class);
  CHECK(query.since == clock.wall() + std::chrono::hours(1));
  CHECK(query.until == clock.wall() + std::chrono::hours(1) + Millis(500));

  CHECK(get("/admin/requests?limit=1&model=&since=").status == 200);
  CHECK(records.last_query.limit == 1);
  CHECK_FALSE(records.last_query.model);

  for (const auto* text : {"4xx", "4XX", "4xX"}) {
    CHECK(get("/admin/sessions?status=" + std::string(text)).status == 200);
    CHECK(records.last_query.status_class == 4);
    CHECK_FALSE(records.last_query.status);
  }
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "a query is split at & and the first =") {
  start();
  for (const auto& [query, session] : {std::pair("session_id=YWJjZA==", "YWJjZA=="),
                                       std::pair("session_id=YWJjZA%3D%3D", "YWJjZA=="),
                                       std::pair("session_id=a%20b%2Bc&limit=2", "a b+c"),
                                       std::pair("&&session_id=100%&=x", "100%"),
                                       std::pair("limit=2&session%5Fid=%C3%A4", "\xC3\xA4")}) {
    CAPTURE(query);
    CHECK(get(std::string("/admin/requests?") + query).status == 200);
    CHECK(records.last_query.session_id == session);
  }
  httplib::Request request;  // as it is: the client encodes
  request.target = "/a%20b?x=a+b;c=d?e#f";
  const auto own = control::own_request(request);
  CHECK(own.path == "/a b");
  CHECK(own.get_param_value("x") == "a b;c=d?e");
  for (const char* query : {"limit=5=6", "limit=1;status=200", "limit=5%3D6"}) {
    CAPTURE(query);
    CHECK(get(std::string("/admin/requests?") + query).status == 400);
  }
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "a parameter that a list does not have is named") {
  start();
  const std::string long_name(300, 'n');
  for (const auto& [target, name] : std::vector<std::pair<std::string, std::string>>{
           {"requests?other=1", "other"},
           {"requests?limit=1&sesion_id=x", "sesion_id"},
           {"decisions?by=day", "by"},
           {"sessions?requested_pool_id=p", "requested_pool_id"},
           {"telemetry?Limit=1", "Limit"},
           {"requests?x=", "x"},
           {"usage?cursor=abc", "cursor"},
           {"usage?by=day&last=1", "last"},
           {"requests?" + long_name + "=1", long_name.substr(0, 64)}}) {
    CAPTURE(target);
    const auto response = get("/admin/" + target);
    CHECK(response.status == 400);
    CHECK(error_of(response)["code"] == "invalid_parameter");
    CHECK(error_of(response)["param"] == name);
    const auto message = error_of(response)["message"].get<std::string>();
    CHECK(message.find(name) != std::string::npos);
    CHECK(message.find("it takes limit, ") != std::string::npos);
    CHECK((message.find(", cursor") == std::string::npos) == target.starts_with("usage"));
  }
  CHECK(records.calls.empty());
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "a parameter that is given twice is named") {
  start();
  for (const char* name : {"limit", "cursor", "session_id", "model", "status", "since"}) {
    const auto response =
        get("/admin/requests?" + std::string(name) + "=1&" + std::string(name) + "=");
    CHECK(response.status == 400);
    CHECK(error_of(response)["param"] == name);
  }
  CHECK(records.calls.empty());
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "each list asks its own table") {
  start();
  for (const char* list : {"requests", "decisions", "sessions", "telemetry", "usage"}) {
    records.calls.clear();
    CHECK(get("/admin/" + std::string(list)).status == 200);
    CHECK(records.calls.front() == list);
  }
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "a bad parameter is named") {
  start();
  const std::string too_long(513, 'x');
  const std::pair<std::string, std::string> cases[] = {
      {"limit", "0"},         {"limit", "1001"},        {"limit", "-1"},
      {"limit", "ten"},       {"limit", "5x"},          {"limit", "%205"},
      {"limit", "1e2"},       {"status", "99"},         {"status", "600"},
      {"status", "ok"},       {"status", "0xx"},        {"status", "6xx"},
      {"status", "4x"},       {"status", "40x"},        {"status", "4xxx"},
      {"since", "yesterday"}, {"until", "2026-13-01"},  {"cursor", std::string(1089, 'x')},
      {"model", too_long},    {"session_id", too_long}, {"since", "99999999999"}};
  for (const auto& [name, value] : cases) {
    for (const std::string list : {"requests", "decisions", "sessions", "telemetry", "usage"}) {
      const std::string target = "/admin/" + list + "?" + name + "=" + value;
      CAPTURE(target);
      const auto response = get(target);
      CHECK(response.status == 400);
      CHECK(error_of(response)["type"] == "invalid_request_error");
      CHECK(error_of(response)["code"] == "invalid_parameter");
      CHECK(error_of(response)["param"] == name);
    }
  }
  const auto by = get("/admin/usage?by=week");
  CHECK(by.status == 400);
  CHECK(error_of(by)["param"] == "by");
  CHECK(records.calls.empty());
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "a cursor that the store does not know is a bad parameter") {
  start();
  CHECK(get("/admin/requests?cursor=" + std::string(1088, 'x')).status == 200);
  const auto response = get("/admin/requests?cursor=" + FakeRecordQueries::kForeignCursor);
  CHECK(response.status == 400);
  CHECK(error_of(response)["code"] == "invalid_parameter");
  CHECK(error_of(response)["param"] == "cursor");
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "a database that fails is a 503 without its words") {
  records.fails = true;
  start();
  for (const char* list : {"requests", "decisions", "sessions", "telemetry", "usage"}) {
    const auto response = get("/admin/" + std::string(list));
    CHECK(response.status == 503);
    CHECK(error_of(response)["code"] == "database_unavailable");
    CHECK(error_of(response)["type"] == "server_error");
    CHECK(response.body.find("SELECT") == std::string::npos);
  }
}

}  // namespace responses_proxy::testing
