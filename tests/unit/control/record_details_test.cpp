#include <doctest/doctest.h>

#include "fakes/sample_records.h"
#include "unit/control/fakes.h"

namespace responses_proxy::testing {

TEST_CASE_FIXTURE(ControlPlaneFixture, "one request: its row, the decision and what was captured") {
  records.request_page = {{failed_record("req/1", clock.wall())}, ""};
  start();
  const Json list = get_json("/admin/requests");
  const Json one = get_json("/admin/requests/req%2F1");
  CHECK(records.last_query.request_id == "req/1");
  CHECK(records.last_query.with_bodies);
  CHECK(records.last_query.limit == 1);
  for (const auto& [name, value] : list["data"][0].items()) CHECK(one[name] == value);
  CHECK(one["decision"] == "failover");
  CHECK(one["request_body"].get<std::string>().starts_with(R"({"model":"gpt-5.5")"));
  CHECK(one["response_body"] == nullptr);
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "a request that was sent nowhere has no decision") {
  records.request_page = {{RequestRecord{}}, ""};
  start();
  CHECK(get_json("/admin/requests/r")["decision"] == nullptr);
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "a session: its turns in order, and where it moved") {
  SessionRow session;
  session.session_id = "s/1";
  session.usage = {200, 20, 220, 50, std::nullopt};
  records.session_page = {{session}, ""};
  RequestRecord moved = sample_record("c", clock.wall());
  moved.attempts.front().resource_id = "openai-2";
  RequestRecord nowhere = sample_record("b", clock.wall());
  nowhere.attempts.clear();
  nowhere.usage = {};
  records.request_page = {{moved, nowhere, sample_record("a", clock.wall())}, "older"};
  start();
  const Json body = get_json("/admin/sessions/s%2F1?limit=3");
  CHECK(records.last_query.session_id == "s/1");
  CHECK(records.last_query.limit == 3);
  CHECK_FALSE(records.last_query.with_bodies);
  CHECK(body["session"] == get_json("/admin/sessions")["data"][0]);
  CHECK(body["cached_share"] == 0.25);
  CHECK(body["moves"] == 1);
  CHECK(body["next_cursor"] == "older");
  const Json& turns = body["turns"];
  REQUIRE(turns.size() == 3);
  CHECK(turns[0]["request_id"] == "a");
  CHECK(turns[0]["moved_from"] == nullptr);
  CHECK(turns[0]["cached_share"] == 0.6);
  CHECK(turns[1]["moved_from"] == nullptr);
  CHECK(turns[1]["cached_share"] == nullptr);
  CHECK(turns[2]["moved_from"] == "openai-1");  // over the one that went nowhere
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "what is not on record, and what cannot be asked for") {
  start();
  CHECK(get("/admin/requests/nobody").status == 404);
  CHECK(error_of(get("/admin/requests/nobody"))["code"] == "request_not_found");
  CHECK(get("/admin/sessions/nobody").status == 404);
  CHECK(error_of(get("/admin/sessions/nobody"))["code"] == "session_not_found");
  CHECK(error_of(get("/admin/requests/a?limit=1"))["param"] == "limit");
  CHECK(error_of(get("/admin/sessions/a?limit=0"))["param"] == "limit");
  CHECK(error_of(get("/admin/sessions/a?session_id=b"))["param"] == "session_id");
  records.session_page = {{SessionRow{}}, ""};
  CHECK(error_of(get("/admin/sessions/a?cursor=" + FakeRecordQueries::kForeignCursor))["param"] ==
        "cursor");
  records.fails = true;
  CHECK(get("/admin/requests/a").status == 503);
  CHECK(get("/admin/sessions/a").status == 503);
}

}  // namespace responses_proxy::testing
