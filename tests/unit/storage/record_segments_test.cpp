#include "storage/record_segments.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "fakes/record_database.h"
#include "fakes/sample_records.h"
#include "fakes/temp_folder.h"
#include "storage/record_key.h"
#include "storage/request_rows.h"

using namespace responses_proxy;
using testing::at_second;

namespace {

constexpr std::int64_t kSmall = 10;  // rows of a segment

struct Fixture {
  // One request a minute, of two sessions in turn.
  void write(int from, int to) {
    std::vector<RequestRecord> records;
    RequestRows::Records batch;
    for (int i = from; i < to; ++i) {
      records.push_back(testing::sample_record("r" + std::to_string(i), at_second(60 * i)));
      records.back().session_id = i % 2 == 0 ? "even" : "odd";
      records.back().response_id = "resp_" + std::to_string(i);
    }
    for (const RequestRecord& record : records) batch.push_back(&record);
    store->database->write([&](SqlConnection& connection) {
      RequestRows rows(connection, kSmall);
      rows.insert(batch);
      rows.finish();
    });
  }
  std::vector<std::int64_t> numbers(const std::string& sql) {
    return store->database->read([&](SqlConnection& connection) {
      std::vector<std::int64_t> found;
      connection.query(sql, {}, [&](const SqlRow& row) { found.push_back(row.integer(0)); });
      return found;
    });
  }
  std::vector<std::string> of_session(const std::string& session_id, std::size_t limit) {
    RecordQuery query;
    query.session_id = session_id;
    query.limit = limit;
    std::vector<std::string> ids;
    do {
      const auto page = store->queries.requests(query);
      for (const auto& record : page.rows) ids.push_back(record.request_id);
      query.cursor = page.next_cursor;
    } while (!query.cursor.empty());
    return ids;
  }

  testing::TempFolder folder;
  std::unique_ptr<testing::RecordDatabase> store =
      testing::open_records("sqlite:///" + (folder.path() / "db").string());
};

using Numbers = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("a full segment is followed by another one") {
  Fixture fixture;
  fixture.write(0, 9);
  CHECK(fixture.numbers("SELECT segment FROM record_segments ORDER BY 1") == Numbers{0});
  fixture.write(9, 10);
  CHECK(fixture.numbers("SELECT segment FROM record_segments ORDER BY 1") == Numbers{0, 1});
  fixture.write(10, 35);
  CHECK(fixture.numbers("SELECT requests FROM record_segments ORDER BY segment") ==
        Numbers{10, 25, 0});
  // Late ones belong where their time is.
  fixture.write(3, 4);
  CHECK(fixture.numbers("SELECT DISTINCT segment FROM requests WHERE request_id = 'r3'") ==
        Numbers{0});
  CHECK(fixture.numbers("SELECT COUNT(*) FROM requests WHERE segment = 0") == Numbers{10});
}

TEST_CASE("records older than all others make segments in front") {
  Fixture fixture;
  fixture.write(100, 110);
  for (int i = 90; i >= 0; i -= 10) fixture.write(i, i + 10);
  CHECK(fixture.numbers("SELECT COUNT(*) FROM record_segments").front() > 5);
  const auto first_keys = fixture.numbers("SELECT first_key FROM record_segments ORDER BY segment");
  CHECK(std::is_sorted(first_keys.begin(), first_keys.end()));
  CHECK(fixture.numbers("SELECT COUNT(*) FROM requests r JOIN requests n ON n.row_key > r.row_key "
                        "AND n.segment < r.segment") == Numbers{0});
}

TEST_CASE("a session's requests come in order, whatever segments they are in") {
  Fixture fixture;
  fixture.write(40, 60);
  for (int i = 30; i >= 0; i -= 10) fixture.write(i, i + 10);
  fixture.write(60, 95);
  for (const std::size_t limit : {std::size_t{1}, std::size_t{7}, std::size_t{1'000}}) {
    const auto ids = fixture.of_session("even", limit);
    REQUIRE(ids.size() == 48);
    for (std::size_t i = 0; i < ids.size(); ++i) CHECK(ids[i] == "r" + std::to_string(94 - 2 * i));
  }
  for (const int i : {0, 15, 94}) {
    CHECK(fixture.store->queries.resource_of_response("resp_" + std::to_string(i)) == "openai-1");
  }
  RecordQuery some;
  some.session_id = "odd";
  some.since = at_second(60 * 11);
  some.until = at_second(60 * 45);
  const auto rows = fixture.store->queries.requests(some).rows;
  REQUIRE(rows.size() == 17);
  CHECK(rows.front().request_id == "r43");
  CHECK(rows.back().request_id == "r11");
}

TEST_CASE("keys are in the order of time, and hashes differ") {
  RequestRecord record = testing::sample_record("a", at_second(0));
  const std::int64_t key = record_key(record);
  CHECK(key >= first_key_at(record.created_at));
  CHECK(key < first_key_at(record.created_at + std::chrono::microseconds(1)));
  CHECK(first_key_at(WallTime::max()) == kLastMicros * kSlots);
  CHECK(first_key_at(WallTime::min()) == -kLastMicros * kSlots);
  CHECK(text_hash("") == 0);
  std::set<std::int64_t> hashes;
  std::string text;
  for (int i = 0; i < 40; ++i) hashes.insert(text_hash(text += 'x'));
  for (const char* other : {"y", "xy", "yx", "xxxxxxxy", "yxxxxxxx", "xxxxxxxxy", "resp_1"}) {
    hashes.insert(text_hash(other));
  }
  CHECK(hashes.size() == 47);
  CHECK(text_hash("resp_1") == -51587407373208789);  // in files: never another one
}
