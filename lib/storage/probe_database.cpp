#include "storage/probe_database.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <filesystem>
#include <string_view>

#include "core/postgres_url.h"
#include "core/writable.h"
#include "storage/postgres_server.h"
#include "storage/record_store.h"

namespace responses_proxy {

namespace {

constexpr std::string_view kSqlite = "sqlite:///";
constexpr int kPatienceMs = 1'000;  // for a lock of another process

std::string sqlite_problem(const std::string& path) {
  std::string problem = write_problem(path);
  std::error_code ignored;
  if (!problem.empty() || !std::filesystem::exists(path, ignored)) return problem;
  try {
    SQLite::Database database(path, SQLite::OPEN_READONLY, kPatienceMs);
    database.execAndGet("PRAGMA schema_version");
    return {};
  } catch (const SQLite::Exception& error) {
    return fmt::format("{}: {}", path, error.what());
  }
}

}  // namespace

std::string database_problem(const std::string& url) {
  if (!is_postgres_url(url)) return sqlite_problem(url.substr(kSqlite.size()));
  try {
    PostgresServer(url).connect();
    return {};
  } catch (const StorageError& error) {
    return error.what();
  }
}

}  // namespace responses_proxy
