#include "databases/probe_database.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "fakes/record_database.h"
#include "fakes/temp_folder.h"
#include "sqlite/sqlite_connection.h"

using namespace responses_proxy;

TEST_CASE("a SQLite file: there, not there yet, not possible, not a database") {
  const testing::TempFolder folder;
  const std::string path = (folder.path() / "sub" / "db").string();
  CHECK(database_problem("sqlite:///" + path, SystemClock()) == "");
  CHECK_FALSE(std::filesystem::exists(folder.path() / "sub"));
  testing::open_records("sqlite:///" + path);
  CHECK(database_problem("sqlite:///" + path, SystemClock()) == "");
  CHECK(database_problem("sqlite:///" + path + "/x", SystemClock()).ends_with("Not a directory"));
  const std::string text = (folder.path() / "text").string();
  std::ofstream(text) << std::string(4'096, 'x');
  CHECK(database_problem("sqlite:///" + text, SystemClock()) ==
        "SQLite database " + text + ": file is not a database");
  CHECK(database_problem("sqlite+aiosqlite:///" + path, SystemClock()) == "");
  CHECK(database_problem("sqlite:///" + path + "?mode=ro", SystemClock())
            .starts_with("its URL has parameters"));
  SqliteConnection(path, SqliteConnection::Mode::write)
      .execute("INSERT INTO schema_migrations VALUES (9999)", {});
  CHECK(database_problem("sqlite:///" + path, SystemClock()).find("schema version 9999") !=
        std::string::npos);
}

TEST_CASE("a PostgreSQL that nobody runs, without its password") {
  const std::string problem =
      database_problem("postgresql://u:hunter2@127.0.0.1:1/d", SystemClock());
  CHECK(problem.starts_with("PostgreSQL database 127.0.0.1"));
  CHECK(problem.find("hunter2") == std::string::npos);
}
