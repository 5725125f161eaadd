#include "storage/probe_database.h"

#include <filesystem>
#include <memory>

#include "core/writable.h"
#include "database_url/postgres_url.h"
#include "database_url/sqlite_url.h"
#include "storage/migrations.h"
#include "storage/postgres_connection.h"
#include "storage/sqlite_connection.h"

namespace responses_proxy {

namespace {

constexpr Millis kPatience{1'000};  // for a lock of another process, or a slow server

// Throws StorageError if nothing can be read, or the tables are those of a newer version.
void read(SqlConnection& connection, const std::string& sql) {
  connection.query(sql, {}, [](const SqlRow&) {});
  check_schema(connection);
}

std::string sqlite_problem(const std::string& path) {
  std::string problem = write_problem(path);
  std::error_code ignored;
  if (!problem.empty() || !std::filesystem::exists(path, ignored)) return problem;
  SqliteConnection connection(path, SqliteConnection::Mode::read, kPatience);
  read(connection, "PRAGMA schema_version");
  return {};
}

}  // namespace

std::string database_problem(const std::string& url, const Clock& clock) {
  try {
    std::string path;
    if (!is_postgres_url(url)) {
      const std::string problem = parse_sqlite_url(url, path);
      return problem.empty() ? sqlite_problem(path) : "its URL " + problem;
    }
    PostgresConnection connection(std::make_shared<PostgresServer>(url, clock),
                                  {PostgresConnection::Mode::read, kPatience, [] {}});
    read(connection, "SELECT 1");
    return {};
  } catch (const StorageError& error) {
    return error.what();
  }
}

}  // namespace responses_proxy
