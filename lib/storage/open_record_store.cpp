#include <fmt/format.h>

#include "storage/migrations.h"
#include "storage/record_store.h"
#include "storage/sql_record_store.h"
#include "storage/sqlite_connection.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kReaders = 4;
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

}  // namespace

std::unique_ptr<RecordStore> open_record_store(const std::string& url) {
  using Mode = SqliteConnection::Mode;
  const std::string path = sqlite_path(url);
  auto writer = std::make_unique<SqliteConnection>(path, Mode::write);
  migrate(*writer);
  std::vector<std::unique_ptr<SqlConnection>> readers;
  for (std::size_t i = 0; i < kReaders; ++i) {
    readers.push_back(std::make_unique<SqliteConnection>(path, Mode::read));
  }
  return std::make_unique<SqlRecordStore>(std::move(writer), std::move(readers));
}

}  // namespace responses_proxy
