#include "sqlite/sqlite_connection.h"

#include <doctest/doctest.h>

#include <future>
#include <latch>
#include <string>
#include <vector>

#include "fakes/temp_folder.h"

using namespace responses_proxy;

namespace {

struct TestDatabase {
  TestDatabase() {
    connection.execute("CREATE TABLE numbers (id BIGINT NOT NULL UNIQUE, word TEXT NOT NULL)", {});
    connection.execute(
        "CREATE TABLE sums (id TEXT NOT NULL PRIMARY KEY, sum BIGINT NOT NULL) WITHOUT ROWID", {});
  }
  std::string all(const std::string& sql) {
    std::string found;
    connection.query(sql, {}, [&](const SqlRow& row) { found += row.text(0) + " "; });
    return found;
  }
  testing::TempFolder folder;
  SqliteConnection connection{(folder.path() / "db").string(), SqliteConnection::Mode::write};
};

const SqlInsert kNumbers{"numbers", {{"id"}, {"word", true}}, "DO NOTHING"};
const SqlInsert kSums{
    "sums", {{"id", true}, {"sum"}}, "(id) DO UPDATE SET sum = sums.sum + excluded.sum"};

std::vector<SqlValues> numbers(std::initializer_list<std::int64_t> ids) {
  std::vector<SqlValues> rows;
  for (const std::int64_t id : ids) rows.push_back({id, "w" + std::to_string(id)});
  return rows;
}

}  // namespace

TEST_CASE("SQLite: of many rows in one insert, each is said to be written or not") {
  TestDatabase database;
  using Written = std::vector<bool>;
  CHECK(database.connection.insert(kNumbers, numbers({})) == Written{});
  CHECK(database.connection.insert(kNumbers, numbers({2, 5})) == Written{true, true});
  CHECK(database.connection.insert(kNumbers, numbers({1, 2, 3, 3, 5, 6})) ==
        Written{true, false, true, false, false, true});
  CHECK(database.connection.insert(kNumbers, numbers({1, 2})) == Written{false, false});
  CHECK(database.all("SELECT word FROM numbers ORDER BY id") == "w1 w2 w3 w5 w6 ");
}

TEST_CASE("SQLite: rows that are there are added to, in one insert with new ones") {
  TestDatabase database;
  const std::vector<SqlValues> rows{{"a", std::int64_t{1}}, {"b", std::int64_t{2}}};
  CHECK(database.connection.insert(kSums, rows) == std::vector{true, true});
  CHECK(database.connection.insert(kSums, rows) == std::vector{true, true});
  CHECK(database.all("SELECT sum FROM sums ORDER BY id") == "2 4 ");
}

TEST_CASE("SQLite: a row that its table cannot hold is refused, not left out") {
  TestDatabase database;
  const std::vector<SqlValues> rows{{"a", std::int64_t{1}}, {"b", SqlValue()}};
  CHECK_THROWS_AS(
      [&] {
        SqlTransaction transaction(database.connection);
        database.connection.insert(kSums, rows);
        transaction.commit();
      }(),
      RecordRefused);
  CHECK(database.all("SELECT sum FROM sums") == "");
  CHECK(database.connection.insert(kSums, std::span(rows).first(1)) == std::vector{true});
}

TEST_CASE("SQLite: bytes and texts are bound as they are, empty ones too") {
  TestDatabase database;
  database.connection.execute("CREATE TABLE kinds (id BIGINT, word TEXT, bytes BLOB)", {});
  const SqlInsert into{"kinds", {{"id"}, {"word", true}, {"bytes", false, true}}, "DO NOTHING"};
  const std::string bytes("\0\xFF", 2);
  const std::vector<SqlCell> cells{
      std::int64_t{1}, std::string_view(), SqlBytes{}, std::int64_t{2}, std::string_view("w"),
      SqlBytes{bytes}, SqlCell(),          SqlCell(),  SqlCell()};
  CHECK(database.connection.insert_cells(into, cells) == std::vector{true, true, true});
  CHECK(database.all("SELECT typeof(id) || typeof(word) || typeof(bytes) FROM kinds") ==
        "integertextblob integertextblob nullnullnull ");
  CHECK(database.all("SELECT hex(bytes) FROM kinds WHERE id = 2") == "00FF ");
}

// Without the pauses one of a hundred is told that the database is locked.
TEST_CASE("SQLite: those who begin with one new file at the same moment wait for each other") {
  constexpr int kFiles = 200;
  constexpr int kAtOnce = 4;
  const testing::TempFolder folder;
  for (int file = 0; file < kFiles; ++file) {
    const std::string path = folder.path() / std::to_string(file);
    std::latch together(kAtOnce);
    std::vector<std::future<void>> opened;
    for (int i = 0; i < kAtOnce; ++i) {
      opened.push_back(std::async(std::launch::async, [&] {
        together.arrive_and_wait();
        SqliteConnection(path, SqliteConnection::Mode::write);
      }));
    }
    for (std::future<void>& one : opened) CHECK_NOTHROW(one.get());
  }
}
