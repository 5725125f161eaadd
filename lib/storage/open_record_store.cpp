#include <fmt/format.h>

#include <filesystem>

#include "storage/migrations.h"
#include "storage/record_store.h"
#include "storage/reopening_record_store.h"
#include "storage/sql_record_store.h"
#include "storage/sqlite_connection.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kReaders = 4;

// How long to wait for another connection's lock. Whoever writes keeps the records and comes back;
// readers find a lock only where the whole database is taken, and get an error, not a late answer.
constexpr Millis kWriterPatience{400};
constexpr Millis kReaderPatience{250};

constexpr std::string_view kSqlite = "sqlite:///";

// "sqlite:///a/b" -> "a/b", "sqlite:////a/b" -> "/a/b". Errors show the scheme only: what follows
// may hold a password.
std::string sqlite_path(const std::string& url) {
  if (!url.starts_with(kSqlite)) {
    const auto scheme = url.substr(0, std::min(url.find("://"), url.size()));
    throw StorageError(
        fmt::format("Cannot open the database: its URL must start with {}{}", kSqlite,
                    scheme == url ? std::string() : fmt::format(", not with {}://", scheme)));
  }
  std::string path = url.substr(kSqlite.size());
  if (path.empty() || path.ends_with('/') || path == ":memory:") {
    throw StorageError("Cannot open the database: its URL names no file");
  }
  return path;
}

// The index of a file that is gone belongs to nothing. Connections to that file may still have it
// mapped, and SQLite would shorten it under them.
void remove_stale_index(const std::string& path) {
  std::error_code problem;
  if (!std::filesystem::exists(path, problem)) std::filesystem::remove(path + "-shm", problem);
}

std::unique_ptr<RecordStore> open_sqlite(const std::string& path) {
  using Mode = SqliteConnection::Mode;
  remove_stale_index(path);
  {
    SqliteConnection migrator(path, Mode::write);
    migrate(migrator);
  }
  auto writer = std::make_unique<SqliteConnection>(path, Mode::write, kWriterPatience);
  std::vector<std::unique_ptr<SqlConnection>> readers;
  for (std::size_t i = 0; i < kReaders; ++i) {
    readers.push_back(std::make_unique<SqliteConnection>(path, Mode::read, kReaderPatience));
  }
  return std::make_unique<SqlRecordStore>(std::move(writer), std::move(readers));
}

}  // namespace

std::unique_ptr<RecordStore> open_record_store(const std::string& url) {
  return std::make_unique<ReopeningRecordStore>(
      [path = sqlite_path(url)] { return open_sqlite(path); });
}

}  // namespace responses_proxy
