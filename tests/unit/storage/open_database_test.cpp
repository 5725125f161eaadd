#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "fakes/record_database.h"
#include "fakes/sample_records.h"
#include "fakes/temp_folder.h"
#include "sqlite/sqlite_connection.h"
#include "storage/connection_pool.h"

using namespace responses_proxy;
namespace fs = std::filesystem;

namespace {

std::string open_error(const std::string& url) {
  try {
    testing::open_records(url);
  } catch (const StorageError& error) {
    return error.what();
  }
  return "opened";
}

int permissions(const fs::path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return static_cast<int>(status.st_mode & 0777U);
}

// Changes into a folder for as long as it lives.
class InFolder {
 public:
  explicit InFolder(const fs::path& folder) : before_(fs::current_path()) {
    fs::current_path(folder);
  }
  ~InFolder() { fs::current_path(before_); }
  InFolder(const InFolder&) = delete;
  InFolder& operator=(const InFolder&) = delete;

 private:
  fs::path before_;
};

}  // namespace

TEST_CASE("the file and its folder are created, readable by the owner only") {
  const testing::TempFolder folder;
  const fs::path file = folder.path() / "deep" / "er" / "proxy.sqlite3";
  const auto store =
      testing::open_records("sqlite:///" + file.string());  // an absolute path: 4 slashes
  store->writer.write(std::vector{testing::sample_record("one", testing::at_second(0))});
  CHECK(permissions(file) == 0600);
  CHECK(permissions(file.string() + "-wal") == 0600);
  CHECK(permissions(file.string() + "-shm") == 0600);
}

TEST_CASE("three slashes are relative to the working directory") {
  const testing::TempFolder folder;
  const InFolder here(folder.path());
  testing::open_records("sqlite:///plain.db")->database->ping();
  testing::open_records("sqlite:///./data/proxy.sqlite3")->database->ping();
  CHECK(fs::exists(folder.path() / "plain.db"));
  CHECK(fs::exists(folder.path() / "data" / "proxy.sqlite3"));
}

TEST_CASE("what cannot be opened is named, without secrets") {
  const testing::TempFolder folder;
  CHECK(open_error("mysql://user:hunter2@host/db") ==
        "Cannot open the database: its URL must start with sqlite:/// or postgresql://, not with "
        "mysql://");
  CHECK(open_error("hunter2") ==
        "Cannot open the database: its URL must start with sqlite:/// or postgresql://");
  CHECK(open_error("sqlite://host/db") ==
        "Cannot open the database: its URL has a host: SQLite paths follow three slashes");
  CHECK(open_error("sqlite:///db?mode=ro") ==
        "Cannot open the database: its URL has parameters, and SQLite takes none here: it ends "
        "before the ?");
  CHECK(open_error("postgresql://user:hunter2@ho st/db") ==
        "Cannot open the database: its URL has a character that must be percent-encoded");
  CHECK(open_error("sqlite:///") == "Cannot open the database: its URL names no file");
  CHECK(open_error("sqlite:///:memory:").find("its URL names no file") != std::string::npos);

  const std::string text_file = (folder.path() / "text").string();
  std::ofstream(text_file) << std::string(5000, 'x');
  CHECK(open_error("sqlite:///" + text_file) ==
        "SQLite database " + text_file + ": file is not a database");
  CHECK(open_error("sqlite:///" + text_file + "/sub/db").find("cannot create its folder") !=
        std::string::npos);
  CHECK(open_error("sqlite:///" + folder.path().string()).find("cannot open it") !=
        std::string::npos);
}

TEST_CASE("a write that fails leaves nothing behind and can be tried again") {
  const testing::TempFolder folder;
  const std::string file = (folder.path() / "db").string();
  const auto store = testing::open_records("sqlite:///" + file);
  SqliteConnection other(file, SqliteConnection::Mode::write);
  // Refuses the second record of the batch.
  other.execute(
      "CREATE TRIGGER full BEFORE INSERT ON requests WHEN NEW.request_id = 'two' "
      "BEGIN SELECT RAISE(ABORT, 'disk full'); END",
      {});
  const std::vector records{testing::sample_record("one", testing::at_second(0)),
                            testing::sample_record("two", testing::at_second(1))};
  try {
    store->writer.write(records);
    FAIL("the trigger did not fire");
  } catch (const StorageError& error) {
    CHECK(std::string(error.what()) == "SQLite database " + file + ": disk full");
  }
  CHECK(store->queries.requests({}).rows.empty());
  CHECK(store->queries.sessions({}).rows.empty());

  other.execute("DROP TRIGGER full", {});
  store->writer.write(records);
  CHECK(store->queries.requests({}).rows.size() == 2);
  CHECK(store->queries.sessions({}).rows.at(0).request_count == 2);
}

TEST_CASE("readers cannot write") {
  const testing::TempFolder folder;
  const std::string file = (folder.path() / "db").string();
  testing::open_records("sqlite:///" + file);
  SqliteConnection reader(file, SqliteConnection::Mode::read);
  CHECK_THROWS_AS(reader.execute("DELETE FROM requests", {}), StorageError);
}

TEST_CASE("a database that is deleted is made anew by the next write") {
  const testing::TempFolder folder;
  const std::string file = (folder.path() / "db").string();
  const auto store = testing::open_records("sqlite:///" + file);
  store->writer.write(std::vector{testing::sample_record("before", testing::at_second(0))});
  CHECK(store->queries.requests({}).rows.size() == 1);
  std::atomic<bool> done = false;
  std::thread reader([&] {  // has the old file open when it goes
    while (!done) store->queries.requests({});
  });
  SUBCASE("its file only") {
    fs::remove(file);
  }
  SUBCASE("all that belongs to it") {
    for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(file + suffix);
  }
  SUBCASE("moved away") {
    fs::rename(file, file + ".old");
  }
  for (int i = 0; i < 50; ++i) {
    store->writer.write(
        std::vector{testing::sample_record(std::to_string(i), testing::at_second(i))});
  }
  done = true;
  reader.join();
  RecordQuery query;
  query.limit = 100;
  CHECK(store->queries.requests(query).rows.size() == 50);
  CHECK(testing::open_records("sqlite:///" + file)->queries.requests(query).rows.size() == 50);
}

TEST_CASE("as long as it cannot be made anew, writing fails and reading goes on") {
  const testing::TempFolder folder;
  const std::string file = (folder.path() / "db").string();
  const auto store = testing::open_records("sqlite:///" + file);
  const std::vector batch{testing::sample_record("one", testing::at_second(0))};
  store->writer.write(batch);
  CHECK(store->queries.requests({}).rows.size() == 1);
  fs::remove(file);
  fs::create_directory(file);
  CHECK_THROWS_AS(store->writer.write(batch), StorageError);
  CHECK(store->queries.requests({}).rows.size() == 1);
  fs::remove(file);
  store->writer.write(batch);
  CHECK(store->queries.requests({}).rows.size() == 1);
}

TEST_CASE("a database locked by another connection opens, if there is nothing to change") {
  const testing::TempFolder folder;
  const std::string file = (folder.path() / "db").string();
  testing::open_records("sqlite:///" + file);
  SqliteConnection other(file, SqliteConnection::Mode::write);
  other.execute("BEGIN EXCLUSIVE", {});
  const auto store = testing::open_records("sqlite:///" + file);
  CHECK(store->queries.requests({}).rows.empty());
  CHECK_THROWS_WITH_AS(
      store->writer.write(std::vector{testing::sample_record("a", testing::at_second(0))}),
      doctest::Contains("database is locked"), StorageError);
}

TEST_CASE("a reader comes back from a query that fails") {
  const testing::TempFolder folder;
  const std::string file = (folder.path() / "db").string();
  testing::open_records("sqlite:///" + file);
  std::vector<std::unique_ptr<SqlConnection>> one;
  one.push_back(std::make_unique<SqliteConnection>(file, SqliteConnection::Mode::read));
  ConnectionPool pool(std::move(one), Millis(0));
  for (int i = 0; i < 2; ++i) {
    CHECK_THROWS_WITH_AS(pool.with([](SqlConnection& reader) { reader.execute("nonsense"); }),
                         doctest::Contains("nonsense"), StorageError);
  }
  CHECK(pool.with([](SqlConnection&) { return 7; }) == 7);
}

TEST_CASE("who finds no free reader gets an error, not a wait without end") {
  ConnectionPool none({}, Millis(0));
  CHECK_THROWS_AS(none.with([](SqlConnection&) {}), StorageError);
}

TEST_CASE("a SQLite file and the folders made for it are for this user only") {
  const testing::TempFolder folder;
  const fs::path file = folder.path() / "deep" / "db";
  testing::open_records("sqlite:///" + file.string());
  CHECK((fs::status(file.parent_path()).permissions() == fs::perms(0700)));
  CHECK((fs::status(file).permissions() == fs::perms(0600)));
}
