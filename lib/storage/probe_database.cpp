#include "storage/probe_database.h"

#include <filesystem>
#include <memory>

#include "core/postgres_url.h"
#include "core/sqlite_url.h"
#include "core/writable.h"
#include "storage/migrations.h"
#include "storage/postgres_connection.h"
#include "storage/sqlite_connection.h"

namespace responses_proxy {

namespace {

constexpr Millis kPatience{1'000};  // with a lock of another process

std::string sqlite_problem(const std::string& url) {
  std::string path;
  std::string problem = parse_sqlite_url(url, path);
  if (!problem.empty()) return "its URL " + problem;
  problem = write_problem(path);
  std::error_code ignored;
  if (!problem.empty() || !std::filesystem::exists(path, ignored)) return problem;
  SqliteConnection reader(path, SqliteConnection::Mode::read, kPatience);
  reader.query("PRAGMA schema_version", {}, [](const SqlRow&) {});
  check_schema(reader);
  return {};
}

std::string postgres_problem(const std::string& url) {
  PostgresConnection reader(std::make_shared<PostgresServer>(url),
                            {PostgresConnection::Mode::read, kPatience, nullptr});
  reader.query("SELECT 1", {}, [](const SqlRow&) {});
  check_schema(reader);
  return {};
}

}  // namespace

std::string database_problem(const std::string& url) {
  try {
    return is_postgres_url(url) ? postgres_problem(url) : sqlite_problem(url);
  } catch (const StorageError& error) {
    return error.what();
  }
}

}  // namespace responses_proxy
