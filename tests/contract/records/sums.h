// Sums of sessions, of usage, and of what runs in the background.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "contract/records/samples.h"
#include "storage/record_key.h"

TEST_CASE_TEMPLATE_DEFINE("records: sessions add up, in whichever order records come", Backend,
                          rs_sessions) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  RequestRecord late = sample_record("late", at_second(50));
  late.model = "late-model";
  late.session_name.clear();
  late.attempts.front().resource_id = "openai-3";
  RequestRecord early = sample_record("early", at_second(1));
  early.model = "early-model";
  early.session_name = "early name";
  early.usage = {1, 2, 3, std::nullopt, std::nullopt};
  RequestRecord cut = failed_record("cut", at_second(20));
  cut.status_code = 200;  // the answer began well and was cut short
  cut.session_name = "cut name";
  store->writer.write(std::vector{late});
  store->writer.write(std::vector{cut, early});

  const auto rows = store->queries.sessions({}).rows;
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].session_id == "s-1");
  CHECK(rows[0].session_name == "cut name");
  CHECK(rows[0].last_model == "late-model");
  CHECK(rows[0].last_resource_id == "openai-3");
  CHECK(rows[0].created_at == at_second(1));
  CHECK(rows[0].last_seen_at == at_second(50));
  CHECK(rows[0].request_count == 3);
  CHECK(rows[0].error_count == 1);
  CHECK(rows[0].usage == TokenUsage{101, 22, 123, 60, 5});

  // Older ones, of a batch of their own, change what adds up and nothing else.
  RequestRecord older = failed_record("older", at_second(2));
  older.session_name = "older name";
  older.usage.cached = 7;
  store->writer.write(std::vector{older});
  const SessionRow row = store->queries.sessions({}).rows.at(0);
  CHECK(row.session_name == "cut name");
  CHECK(row.last_model == "late-model");
  CHECK(row.last_resource_id == "openai-3");
  CHECK(row.last_pool_id == "default");
  CHECK(row.last_status_code == 200);
  CHECK(row.request_count == 4);
  CHECK(row.error_count == 2);
  CHECK(row.usage == TokenUsage{101, 22, 123, 67, 5});
  // A newer one changes it all.
  RequestRecord newer = failed_record("newer", at_second(70));
  newer.session_name = "newer name";
  store->writer.write(std::vector{newer});
  const SessionRow last = store->queries.sessions({}).rows.at(0);
  CHECK(last.session_name == "newer name");
  CHECK(last.last_model == "gpt-5.5");
  CHECK(last.last_resource_id == "openai-2");
  CHECK(last.last_pool_id == "batch");
  CHECK(last.last_status_code == 502);
  CHECK(last.created_at == at_second(1));
  CHECK(last.last_seen_at == at_second(70));

  RequestRecord silent = failed_record("silent", at_second(80));
  silent.session_id = "no usage";
  store->writer.write(std::vector{silent});
  CHECK(store->queries.sessions({}).rows.front().usage == TokenUsage{});
  // The first number that is reported begins its sum.
  RequestRecord counted = sample_record("counted", at_second(81));
  counted.session_id = "no usage";
  counted.usage = {std::nullopt, 2, std::nullopt, std::nullopt, 5};
  store->writer.write(std::vector{counted});
  CHECK(store->queries.sessions({}).rows.front().usage == counted.usage);
}

TEST_CASE_TEMPLATE_DEFINE("records: usage sums", Backend, rs_usage) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  store->writer.write(varied_records());
  struct Expected {
    std::string key;
    std::int64_t requests;
    std::int64_t errors;
    TokenUsage usage;
  };
  const auto check = [&](UsageBy by, const RecordQuery& query, const std::vector<Expected>& rows) {
    const auto found = store->queries.usage(by, query);
    REQUIRE(found.size() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      CHECK(found[i].key == rows[i].key);
      CHECK(found[i].requests == rows[i].requests);
      CHECK(found[i].errors == rows[i].errors);
      CHECK(found[i].usage == rows[i].usage);
    }
  };
  const TokenUsage once{100, 20, 120, 60, 5};
  const TokenUsage twice{200, 40, 240, 120, 10};
  check(UsageBy::day, {}, {{"2026-11-22", 2, 0, once}, {"2026-11-21", 3, 1, twice}});
  check(UsageBy::model, {}, {{"gpt-5.5", 4, 1, twice}, {"gpt-5.5-mini", 1, 0, once}});
  check(UsageBy::resource, {},
        {{"openai-1", 2, 0, twice}, {"openai-2", 2, 1, once}, {"", 1, 0, TokenUsage{}}});
  check(UsageBy::session, {},
        {{"s-2", 2, 0, twice}, {"s-1", 2, 1, once}, {"", 1, 0, TokenUsage{}}});
  check(UsageBy::caller, {},
        {{"bob", 2, 0, twice}, {"alice", 2, 1, once}, {"", 1, 0, TokenUsage{}}});
  check(UsageBy::model, filter<std::string>(&RecordQuery::caller, "alice"),
        {{"gpt-5.5", 2, 1, once}});
  // Where the tokens were spent, not who was asked first.
  check(UsageBy::model, filter<std::string>(&RecordQuery::resource_id, "openai-1"),
        {{"gpt-5.5-mini", 1, 0, once}, {"gpt-5.5", 1, 0, once}});
  check(UsageBy::model, filter<std::string>(&RecordQuery::pool_id, "batch"),
        {{"gpt-5.5", 2, 1, once}});
  check(UsageBy::model, filter<std::string>(&RecordQuery::requested_pool_id, "batch"),
        {{"gpt-5.5", 1, 1, TokenUsage{}}});
  check(UsageBy::model, filter(&RecordQuery::status_class, 5), {{"gpt-5.5", 1, 1, TokenUsage{}}});
  check(UsageBy::day, filter(&RecordQuery::status, 502), {{"2026-11-21", 1, 1, TokenUsage{}}});
  RecordQuery of_session = filter<std::string>(&RecordQuery::session_id, "s-2");
  check(UsageBy::day, of_session,
        {{"2026-11-22", 1, 0, TokenUsage{once}}, {"2026-11-21", 1, 0, once}});
  // Whole days, whatever the time.
  const std::vector<Expected> first_day{{"openai-1", 2, 0, twice},
                                        {"openai-2", 1, 1, TokenUsage{}}};
  check(UsageBy::resource, between(at_second(5), at_second(10)), first_day);
  check(UsageBy::resource, between(at_second(0), at_second(86'400)), first_day);
  check(UsageBy::day, between(at_second(90'000), at_second(90'001)), {{"2026-11-22", 2, 0, once}});
  check(UsageBy::day, between(at_second(-86'400), at_second(0)), {});
  RecordQuery one;
  one.limit = 1;
  check(UsageBy::day, one, {{"2026-11-22", 2, 0, once}});
}

TEST_CASE_TEMPLATE_DEFINE("records: the usage of a session is that of all stretches of its days",
                          Backend, rs_usage_stretches) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  constexpr int kDay = 86'400;
  for (int segment = 0; segment < 3; ++segment) {
    std::vector<RequestRecord> records;
    for (const int second : {-kDay, 0, kDay}) {
      const std::string id = std::to_string(segment) + "-" + std::to_string(second);
      records.push_back(sample_record(id, at_second(second + segment)));
      records.push_back(records.back());
      records.back().request_id += "-other";
      records.back().session_id = "s-2";
    }
    store->writer.write(records);
    // As if the table had grown: what comes is in a new segment.
    store->database->write([&](SqlConnection& connection) {
      const std::array<SqlValue, 2> values{std::int64_t{segment + 1},
                                           first_key_at(at_second(2 * kDay + segment))};
      connection.execute("INSERT INTO record_segments VALUES ($1, $2, 0)", values);
    });
  }
  const auto requests = [&](UsageBy by, const RecordQuery& query) {
    std::vector<std::pair<std::string, std::int64_t>> found;
    for (const UsageRow& row : store->queries.usage(by, query)) {
      found.emplace_back(row.key, row.requests);
    }
    return found;
  };
  using Found = std::vector<std::pair<std::string, std::int64_t>>;
  RecordQuery query;
  CHECK(requests(UsageBy::session, query) == Found{{"s-2", 9}, {"s-1", 9}});
  query.session_id = "s-1";
  const Found days{{"2026-11-22", 3}, {"2026-11-21", 3}, {"2026-11-20", 3}};
  CHECK(requests(UsageBy::day, query) == days);
  query.since = at_second(7);
  CHECK(requests(UsageBy::day, query) == Found{days[0], days[1]});
  query.until = at_second(8);
  CHECK(requests(UsageBy::day, query) == Found{days[1]});
  CHECK(requests(UsageBy::session, query) == Found{{"s-1", 3}});
  query.session_id.reset();
  CHECK(requests(UsageBy::session, query) == Found{{"s-2", 3}, {"s-1", 3}});
}

TEST_CASE_TEMPLATE_DEFINE("records: tokens stand with the resource that has used them", Backend,
                          rs_usage_of_attempts) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  RequestRecord record = sample_record("moved", at_second(0));
  const AttemptRecord last = record.attempts.back();
  record.attempts.assign(3, last);
  record.attempts[0].resource_id = record.attempts[1].resource_id = "left";
  record.attempts[0].usage = {1, 2, 3, {}, {}};
  record.attempts[1].usage = {10, 20, 30, {}, {}};
  record.attempts[2].usage = {100, 200, 300, {}, {}};
  record.usage = {111, 222, 333, {}, {}};
  store->writer.write(std::vector{record});
  const auto rows = store->queries.usage(UsageBy::resource, {});
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].key == last.resource_id);
  CHECK(rows[0].requests == 1);
  CHECK(rows[0].usage == TokenUsage{100, 200, 300, {}, {}});
  CHECK(rows[1].key == "left");
  CHECK(rows[1].requests == 0);
  CHECK(rows[1].usage == TokenUsage{11, 22, 33, {}, {}});
  const auto left = store->queries.usage(UsageBy::resource,
                                         filter<std::string>(&RecordQuery::resource_id, "left"));
  REQUIRE(left.size() == 1);
  CHECK(left[0].usage == TokenUsage{11, 22, 33, {}, {}});
  CHECK(store->queries.usage(UsageBy::model, {}).at(0).usage == record.usage);
}

TEST_CASE_TEMPLATE_DEFINE("records: a background response's usage counts once", Backend,
                          rs_background) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  const auto record = [](const std::string& id, int second, bool finished) {
    RequestRecord made = sample_record(id, at_second(second));
    made.response_id = "resp_1";
    made.background = true;
    if (!finished) made.usage = made.attempts.front().usage = {};
    return made;
  };
  const RequestRecord asked = record("a", 0, false);
  const RequestRecord early = record("b", 1, false);
  const RequestRecord first = record("c", 2, true);
  const RequestRecord later = record("d", 3, true);
  RequestRecord other = record("e", 4, true);
  other.response_id = "resp_2";
  RequestRecord direct = record("f", 5, true);  // the same id, but no background response
  direct.background = false;
  const auto check = [&] {
    const TokenUsage once = first.usage;
    const auto rows = store->queries.requests({}).rows;
    REQUIRE(request_ids(rows) == Ids{"f", "e", "d", "c", "b", "a"});
    const std::vector<TokenUsage> expected{once, once, {}, once, {}, {}};
    for (std::size_t i = 0; i < rows.size(); ++i) {
      CHECK(rows[i].usage == expected[i]);
      CHECK(rows[i].attempts.at(0).usage == expected[i]);
    }
    CHECK(store->queries.sessions({}).rows.at(0).usage.total == 3 * *once.total);
    CHECK(store->queries.usage(UsageBy::day, {}).at(0).usage.total == 3 * *once.total);
  };
  SUBCASE("in one batch, in any order, and once more") {
    const std::vector batch{direct, later, other, first, early, asked};
    store->writer.write(batch);
    check();
    store->writer.write(batch);
    check();
  }
  SUBCASE("in batches of their own, by two writers") {
    const auto replica = backend.open();
    store->writer.write(std::vector{asked, early});
    replica->writer.write(std::vector{first});
    store->writer.write(std::vector{later, other});
    store->writer.write(std::vector{first});  // again: as after a crash
    replica->writer.write(std::vector{direct});
    check();
    const auto noted = [](SqlConnection& connection) {
      std::int64_t rows = 0;
      connection.query("SELECT COUNT(*) FROM background_usage", {},
                       [&](const SqlRow& row) { rows = row.integer(0); });
      return rows;
    };
    CHECK(store->database->read(noted) == 2);
    store->database->write(
        [](SqlConnection& connection) { connection.execute("DELETE FROM requests"); });
    CHECK(store->database->read(noted) == 0);
  }
}
