#include <filesystem>

#include "database_url/postgres_url.h"
#include "database_url/sqlite_url.h"
#include "storage/database.h"
#include "storage/migrations.h"
#include "storage/postgres_connection.h"
#include "storage/sqlite_connection.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kReaders = 4;

// How long to wait for another connection's lock. Whoever writes keeps the records and comes back;
// readers find a lock only where the whole database is taken, and get an error, not a late answer.
constexpr Millis kSqliteWriterPatience{400};
constexpr Millis kSqliteReaderPatience{250};

// How long a statement may take. Who looks a response up has stopped waiting long before.
constexpr Millis kPostgresWriteTimeout{5'000};
constexpr Millis kPostgresQueryTimeout{5'000};
constexpr Millis kPostgresLookupTimeout{250};
// A change of a big table takes its time: that of whoever asked for it, not that of a server.
constexpr Millis kPostgresSetUpTimeout{10'000};
constexpr Millis kPostgresMigrationTimeout{600'000};

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

void migrate_sqlite(const std::string& path) {
  SqliteConnection migrator(path, SqliteConnection::Mode::write);
  migrate(migrator);
}

Database::Connections connect_sqlite(const std::string& path) {
  using Mode = SqliteConnection::Mode;
  remove_stale_index(path);
  migrate_sqlite(path);
  const auto reader = [&] {
    return std::make_unique<SqliteConnection>(path, Mode::read, kSqliteReaderPatience);
  };
  Database::Connections connections;
  connections.writer = std::make_unique<SqliteConnection>(path, Mode::write, kSqliteWriterPatience);
  for (std::size_t i = 0; i < kReaders; ++i) connections.readers.push_back(reader());
  connections.lookups.push_back(reader());
  return connections;
}

void migrate_postgres(const std::shared_ptr<PostgresServer>& server, Millis timeout) {
  PostgresConnection migrator(server, {PostgresConnection::Mode::write, timeout, nullptr});
  migrate(migrator);
}

Database::Connections connect_postgres(const std::shared_ptr<PostgresServer>& server) {
  using Mode = PostgresConnection::Mode;
  const auto ensure_schema = [server] { migrate_postgres(server, kPostgresSetUpTimeout); };
  const auto connection = [&](Mode mode, Millis timeout) {
    return std::make_unique<PostgresConnection>(
        server, PostgresConnection::Options{mode, timeout, ensure_schema});
  };
  Database::Connections connections;
  connections.writer = connection(Mode::write, kPostgresWriteTimeout);
  for (std::size_t i = 0; i < kReaders; ++i) {
    connections.readers.push_back(connection(Mode::read, kPostgresQueryTimeout));
  }
  connections.lookups.push_back(connection(Mode::read, kPostgresLookupTimeout));
  return connections;
}

std::unique_ptr<Database> open_postgres(const std::string& url, const Clock& clock) {
  auto database = std::make_unique<Database>(
      [server = std::make_shared<PostgresServer>(url, clock)] { return connect_postgres(server); });
  try {
    database->ping();
  } catch (const SchemaTooNew&) {
    throw;
  } catch (const StorageError&) {
    // Requests are served without it; the first record that cannot be written is on the log.
  }
  return database;
}

}  // namespace

std::unique_ptr<Database> open_database(const std::string& url, const Clock& clock) {
  if (is_postgres_url(url)) return open_postgres(url, clock);
  return std::make_unique<Database>([path = sqlite_path(url)] { return connect_sqlite(path); });
}

void migrate_database(const std::string& url, const Clock& clock) {
  if (is_postgres_url(url)) {
    return migrate_postgres(std::make_shared<PostgresServer>(url, clock),
                            kPostgresMigrationTimeout);
  }
  migrate_sqlite(sqlite_path(url));
}

}  // namespace responses_proxy
