#include "databases/open_database.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <thread>
#include <vector>

#include "fakes/temp_folder.h"

using namespace responses_proxy;

namespace {

struct TableFixture {
  TableFixture() {
    database->write([](SqlConnection& connection) {
      const std::string table = "CREATE TABLE numbers (number BIGINT NOT NULL)";
      connection.define({&table, 1});
    });
  }
  void add(std::int64_t number) {
    database->write([&](SqlConnection& connection) { insert(connection, number); });
  }
  static void insert(SqlConnection& connection, std::int64_t number) {
    const SqlValue value = number;
    connection.execute("INSERT INTO numbers VALUES ($1)", {&value, 1});
  }
  std::int64_t count() {
    return database->read([](SqlConnection& connection) {
      std::int64_t found = 0;
      connection.query("SELECT COUNT(*) FROM numbers", {},
                       [&](const SqlRow& row) { found = row.integer(0); });
      return found;
    });
  }

  const testing::TempFolder folder;
  const SystemClock clock{};
  const std::unique_ptr<Database> database =
      open_database("sqlite:///" + (folder.path() / "db").string(), clock);
};

}  // namespace

TEST_CASE_FIXTURE(TableFixture, "what throws in a write is undone, and the next one works") {
  CHECK_THROWS_WITH_AS(database->write([](SqlConnection& connection) {
    insert(connection, 1);
    throw std::runtime_error("mine");
  }),
                       "mine", std::runtime_error);
  CHECK(count() == 0);
  add(1);
  CHECK(count() == 1);
}

TEST_CASE_FIXTURE(TableFixture, "writers of one database take turns") {
  constexpr int kWriters = 4;
  constexpr int kEach = 50;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) add(i);
    });
  }
  for (std::thread& writer : writers) writer.join();
  CHECK(count() == kWriters * kEach);
}

TEST_CASE("a connection that finds its database moved: opened anew, and the work is done once") {
  // A database that is moved before each of the first `moves` transactions.
  struct Connection final : SqlConnection {
    explicit Connection(int& left) : moves(left) {}
    std::int64_t execute(const std::string&, std::span<const SqlValue>) override { return 0; }
    void query(const std::string&, std::span<const SqlValue>,
               const std::function<void(const SqlRow&)>&) override {}
    std::vector<bool> insert_cells(const SqlInsert&, std::span<const SqlCell>) override {
      return {};
    }
    void define(std::span<const std::string>) override {}
    void begin() override {
      if (moves-- > 0) throw DatabaseMoved("moved");
    }
    void lock_schema() override {}
    void commit() override {}
    void rollback() noexcept override {}
    int& moves;
  };
  int moves = 0;
  int opened = 0;
  Database database([&] {
    ++opened;
    Database::Connections connections;
    connections.writer = std::make_unique<Connection>(moves);
    return connections;
  });
  int worked = 0;
  const auto write = [&] { database.write([&](SqlConnection&) { ++worked; }); };
  write();
  CHECK(opened == 1);
  moves = 1;
  write();
  CHECK(opened == 2);
  CHECK(worked == 2);
  moves = 2;  // and moved again meanwhile
  CHECK_THROWS_AS(write(), StorageError);
  CHECK(worked == 2);
}
