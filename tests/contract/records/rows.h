// What is written comes back, once, whoever writes beside.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "contract/records/samples.h"
#include "fakes/filled_record.h"

TEST_CASE_TEMPLATE_DEFINE("records: every field comes back", Backend, rs_round_trip) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  auto store = backend.open();
  RequestRecord full = sample_record("full", at_second(5) + std::chrono::microseconds(123'456));
  full.requested_pool_id = "default";
  const RequestRecord failed = failed_record("failed", at_second(4));
  RequestRecord bare;
  bare.request_id = "bare";
  bare.created_at = at_second(3);
  store->writer.write(std::vector{full, failed, bare});

  store.reset();
  const auto page = backend.open()->queries.requests({});
  REQUIRE(request_ids(page.rows) == Ids{"full", "failed", "bare"});
  CHECK(page.rows[0] == without_bodies(full));
  CHECK(page.rows[1] == without_bodies(failed));
  CHECK(page.rows[2] == bare);
  CHECK(page.next_cursor.empty());
}

TEST_CASE_TEMPLATE_DEFINE("records: every described field survives insert and select", Backend,
                          rs_fields) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  const RequestRecord record = filled_record();
  store->writer.write(std::vector{record});
  CHECK(store->queries.requests(with_bodies({})).rows == std::vector{record});
}

TEST_CASE_TEMPLATE_DEFINE("records: writing again changes nothing", Backend, rs_idempotent) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  const RequestRecord original = sample_record("one", at_second(0));
  RequestRecord other = original;
  other.status_code = 500;
  other.attempts.push_back(sample_attempt("openai-9", at_second(1)));
  store->writer.write(std::vector{original, other});
  store->writer.write(std::vector{other, original});
  store->writer.write({});

  CHECK(store->queries.requests({}).rows == std::vector{without_bodies(original)});
  CHECK(decision_ids(store->queries.decisions({}).rows) == Ids{"one/1"});
  const auto sessions = store->queries.sessions({}).rows;
  REQUIRE(sessions.size() == 1);
  CHECK(sessions[0].request_count == 1);
  CHECK(sessions[0].error_count == 0);
  CHECK(sessions[0].usage == original.usage);
}

TEST_CASE_TEMPLATE_DEFINE("records: those of one moment have places of their own", Backend,
                          rs_places) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  std::vector<RequestRecord> records;
  for (int i = 0; i < 200; ++i) {  // many have the same place, then
    records.push_back(sample_record("r" + std::to_string(i), at_second(0)));
    records.back().response_id = "resp_" + std::to_string(i);
    records.back().background = true;
  }
  store->writer.write(records);
  std::reverse(records.begin(), records.end());
  backend.open()->writer.write(records);
  RecordQuery query;
  query.limit = RecordQuery::kMaxPage;
  const auto ids = request_ids(store->queries.requests(query).rows);
  CHECK(ids.size() == records.size());
  CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == records.size());
  for (const auto& record : records) {
    query.request_id = record.request_id;
    CHECK(request_ids(store->queries.requests(query).rows) == Ids{record.request_id});
  }
  CHECK(store->queries.sessions({}).rows.at(0).request_count == 200);
  const auto wrong_notes = store->database->read([](SqlConnection& connection) {
    std::int64_t rows = -1;
    connection.query(
        "SELECT COUNT(*) FROM background_usage b JOIN requests r ON r.row_key = b.request_key "
        "WHERE r.response_id <> b.response_id",
        {}, [&](const SqlRow& row) { rows = row.integer(0); });
    return rows;
  });
  CHECK(wrong_notes == 0);
}

TEST_CASE_TEMPLATE_DEFINE("records: an id that says when it was made is found by that", Backend,
                          rs_own_ids) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  const std::string id = "req_019f3a4c7b80000000000000002a";
  const WallTime began(std::chrono::milliseconds(0x019f3a4c7b80));
  RequestRecord made = sample_record(id, began + std::chrono::microseconds(999));
  RequestRecord claimed = sample_record("req_019f3a4c7b810000000000000002", at_second(0));
  RequestRecord beside = sample_record("req_019f3a4c7b80000000000000002b", began);
  store->writer.write(std::vector{made, claimed, beside});
  for (const RequestRecord& record : {made, claimed, beside}) {
    CHECK(store->queries.requests(filter(&RecordQuery::request_id, record.request_id)).rows ==
          std::vector{without_bodies(record)});
  }
}

TEST_CASE_TEMPLATE_DEFINE("records: words of a newer version are kept as text", Backend, rs_words) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  RequestRecord record = sample_record("new", at_second(1));
  record.blame = Word<Blame>("weather");
  record.attempts[0].blame = Word<Blame>("network");
  record.attempts[0].reason = Word<SelectionReason>("round_robin");
  store->writer.write(std::vector{record, sample_record("old", at_second(0))});
  const auto rows = store->queries.requests({}).rows;
  REQUIRE(request_ids(rows) == Ids{"new", "old"});
  CHECK(rows[0] == without_bodies(record));
  CHECK(store->queries.decisions({}).rows.at(0).reason == "round_robin");
  // Not the client's, so somebody's.
  CHECK(store->queries.sessions({}).rows.at(0).error_count == 1);
  CHECK(store->queries.usage(UsageBy::model, {}).at(0).errors == 1);
}

TEST_CASE_TEMPLATE_DEFINE("records: the resource of a response", Backend, rs_response) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  RequestRecord made = sample_record("made", at_second(1));
  made.response_id = "resp_1";
  RequestRecord fetched = sample_record("fetched", at_second(2));
  fetched.response_id = "resp_1";
  fetched.attempts.front().resource_id = "openai-2";
  RequestRecord refused = sample_record("refused", at_second(0));
  refused.response_id = "resp_1";
  refused.attempts.clear();
  RequestRecord nameless = sample_record("nameless", at_second(0));
  nameless.response_id.clear();
  store->writer.write(std::vector{fetched, made, refused, nameless});
  CHECK(store->queries.resource_of_response("resp_1") == "openai-1");
  CHECK(store->queries.resource_of_response("resp_2") == std::nullopt);
  CHECK(store->queries.resource_of_response("") == std::nullopt);
}

TEST_CASE_TEMPLATE_DEFINE("records: texts of clients are data", Backend, rs_texts) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  using namespace std::string_literals;
  Backend backend;
  const auto store = backend.open();
  const std::string long_text(RecordQuery::kMaxText - 1, 'x');
  const std::vector<std::pair<std::string, std::string>> texts{
      // written, read
      {"'; DROP TABLE requests; --", "'; DROP TABLE requests; --"},
      {"\"double\" \\back\\ $1 ? %s {}", "\"double\" \\back\\ $1 ? %s {}"},
      {"z\u00fcrich \u4f60\u597d \U0001F600", "z\u00fcrich \u4f60\u597d \U0001F600"},
      {"tab\t line\r\n bell\a del\x7f", "tab\t line\r\n bell\a del\x7f"},
      {"nul\0 inside"s, "nul\uFFFD inside"},
      {"latin1 \xFC\xE9, cut \xE4\xBD", "latin1 \uFFFD\uFFFD, cut \uFFFD\uFFFD"},
      {"surrogate \xED\xA0\x80 overlong \xC0\xAF",
       "surrogate \uFFFD\uFFFD\uFFFD overlong \uFFFD\uFFFD"},
      {long_text + "yz", long_text + "y"},
      {long_text + "\u00fc", long_text},
  };
  int number = 0;
  for (const auto& [written, read] : texts) {
    CAPTURE(read);
    ++number;
    RequestRecord record = sample_record("r" + std::to_string(number), at_second(number));
    record.session_id = record.session_name = record.model = record.requested_pool_id = written;
    record.path = record.error = record.response_id = record.previous_response_id = written;
    record.attempts.front().error = record.attempts.front().upstream_request_id = written;
    store->writer.write(std::vector{record});

    const auto rows = store->queries.requests(filter(&RecordQuery::session_id, written)).rows;
    REQUIRE(request_ids(rows) == Ids{record.request_id});
    CHECK(rows[0].session_id == read);
    CHECK(rows[0].session_name == read);
    CHECK(rows[0].path == read);
    CHECK(rows[0].requested_pool_id == read);
    CHECK(rows[0].attempts.at(0).upstream_request_id == read);
    CHECK(request_ids(store->queries.requests(filter(&RecordQuery::model, read)).rows) ==
          Ids{record.request_id});
    CHECK(store->queries.resource_of_response(written) == "openai-1");
    CHECK(store->queries.sessions(filter(&RecordQuery::session_id, written)).rows.size() == 1);
  }
  RecordQuery one_by_one;
  one_by_one.limit = 1;  // each session id goes through a cursor
  const auto sessions = all_pages<SessionRow>(
      [&](const RecordQuery& query) { return store->queries.sessions(query); }, one_by_one);
  CHECK(sessions.size() == texts.size());
}

TEST_CASE_TEMPLATE_DEFINE("records: bodies come with those who ask for them", Backend, rs_bodies) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  constexpr std::size_t kLarge = RecordQuery::kMaxPageBytes / 2 - 100;
  std::vector<RequestRecord> records;
  for (int i = 0; i < 5; ++i) {
    records.push_back(sample_record(std::to_string(i), at_second(i)));
    records.back().request_body.assign(i == 0 ? 0 : kLarge, static_cast<char>('a' + i));
    records.back().response_body = i == 0 ? std::string("\0 \xFF", 3) : "short";
  }
  store->writer.write(records);
  for (const RequestRecord& row : store->queries.requests({}).rows) {
    CHECK((row.request_body.empty() && row.response_body.empty()));
  }
  // Two of the large ones make a page, whatever its limit.
  const auto list = [&](const RecordQuery& query) { return store->queries.requests(query); };
  const auto first = list(with_bodies({}));
  REQUIRE(first.rows.size() == 2);
  CHECK((first.rows[0] == records[4]));
  const auto all = all_pages<RequestRecord>(list, with_bodies({}));
  REQUIRE(request_ids(all) == Ids{"4", "3", "2", "1", "0"});
  CHECK(all[4].request_body.empty());
  CHECK(all[4].response_body == "\xEF\xBF\xBD \xEF\xBF\xBD");
  // One that is larger than a page is still shown.
  records = {sample_record("huge", at_second(9))};
  records[0].response_body.assign(RecordQuery::kMaxPageBytes + 1, 'x');
  store->writer.write(records);
  CHECK((list(with_bodies({})).rows.at(0) == records[0]));
}

TEST_CASE_TEMPLATE_DEFINE("records: queries run beside a writer", Backend, rs_concurrent) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  std::thread writer([&] {
    for (int batch = 0; batch < 30; ++batch) {
      std::vector<RequestRecord> records;
      for (int i = 0; i < 10; ++i) {
        records.push_back(sample_record(std::to_string(batch * 10 + i), at_second(batch)));
      }
      store->writer.write(records);
    }
  });
  std::vector<std::thread> readers;
  std::atomic<int> torn{0};
  for (int reader = 0; reader < 6; ++reader) {
    readers.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        RecordQuery query;
        query.limit = 1000;
        const auto rows = store->queries.requests(query).rows;
        if (rows.size() % 10 != 0) ++torn;  // a batch is there completely, or not at all
        for (const auto& row : rows) torn += row.attempts.size() == 1 ? 0 : 1;
        store->database->ping();
      }
    });
  }
  writer.join();
  for (auto& reader : readers) reader.join();
  CHECK(torn == 0);
  CHECK(store->queries.sessions({}).rows.at(0).request_count == 300);
}
