#include "sqlite/sqlite_database.h"

#include <filesystem>

#include "core/writable.h"
#include "sqlite/sqlite_connection.h"
#include "sqlite/sqlite_url.h"
#include "storage/migrations.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kReaders = 4;

// How long to wait for another connection's lock. Whoever writes keeps the records and comes back;
// readers find a lock only where the whole database is taken, and get an error, not a late answer.
constexpr Millis kWriterPatience{400};
constexpr Millis kReaderPatience{250};

std::string sqlite_path(const std::string& url) {
  std::string path;
  const std::string problem = parse_sqlite_url(url, path);
  if (!problem.empty()) throw StorageError("Cannot open the database: its URL " + problem);
  return path;
}

// The index of a file that is gone belongs to nothing. Connections to that file may still have it
// mapped, and SQLite would shorten it under them.
void remove_stale_index(const std::string& path) {
  std::error_code problem;
  if (!std::filesystem::exists(path, problem)) std::filesystem::remove(path + "-shm", problem);
}

void migrate_file(const std::string& path) {
  SqliteConnection migrator(path, SqliteConnection::Mode::write);
  migrate(migrator);
}

Database::Connections connect(const std::string& path) {
  using Mode = SqliteConnection::Mode;
  remove_stale_index(path);
  migrate_file(path);
  const auto reader = [&] {
    return std::make_unique<SqliteConnection>(path, Mode::read, kReaderPatience);
  };
  Database::Connections connections;
  connections.writer = std::make_unique<SqliteConnection>(path, Mode::write, kWriterPatience);
  for (std::size_t i = 0; i < kReaders; ++i) connections.readers.push_back(reader());
  connections.lookups.push_back(reader());
  return connections;
}

}  // namespace

std::unique_ptr<Database> open_sqlite_database(const std::string& url) {
  return std::make_unique<Database>([path = sqlite_path(url)] { return connect(path); });
}

void migrate_sqlite_database(const std::string& url) {
  migrate_file(sqlite_path(url));
}

std::string sqlite_database_problem(const std::string& url, Millis patience) {
  std::string path;
  if (const std::string problem = parse_sqlite_url(url, path); !problem.empty()) {
    return "its URL " + problem;
  }
  std::string problem = write_problem(path);
  std::error_code ignored;
  if (!problem.empty() || !std::filesystem::exists(path, ignored)) return problem;
  if (!std::filesystem::is_regular_file(path, ignored)) return path + " is no file";
  SqliteConnection connection(path, SqliteConnection::Mode::read, patience);
  check_readable(connection, "SELECT COUNT(*) FROM sqlite_master");
  return {};
}

}  // namespace responses_proxy
