#include "postgres/postgres_database.h"

#include "postgres/postgres_connection.h"
#include "storage/migrations.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kReaders = 4;

// How long a statement may take. Who looks a response up has stopped waiting long before.
constexpr Millis kWriteTimeout{5'000};
constexpr Millis kQueryTimeout{5'000};
constexpr Millis kLookupTimeout{250};
// A change of a big table takes its time: that of whoever asked for it, not that of a server.
constexpr Millis kSetUpTimeout{10'000};
constexpr Millis kMigrationTimeout{600'000};

void migrate_server(const std::shared_ptr<PostgresServer>& server, Millis timeout) {
  PostgresConnection migrator(server, {PostgresConnection::Mode::write, timeout, nullptr});
  migrate(migrator);
}

Database::Connections connect(const std::shared_ptr<PostgresServer>& server) {
  using Mode = PostgresConnection::Mode;
  const auto ensure_schema = [server] { migrate_server(server, kSetUpTimeout); };
  const auto connection = [&](Mode mode, Millis timeout) {
    return std::make_unique<PostgresConnection>(
        server, PostgresConnection::Options{mode, timeout, ensure_schema});
  };
  Database::Connections connections;
  connections.writer = connection(Mode::write, kWriteTimeout);
  for (std::size_t i = 0; i < kReaders; ++i) {
    connections.readers.push_back(connection(Mode::read, kQueryTimeout));
  }
  connections.lookups.push_back(connection(Mode::read, kLookupTimeout));
  return connections;
}

}  // namespace

std::unique_ptr<Database> open_postgres_database(const std::string& url, const Clock& clock) {
  auto database = std::make_unique<Database>(
      [server = std::make_shared<PostgresServer>(url, clock)] { return connect(server); });
  try {
    database->ping();
  } catch (const SchemaTooNew&) {
    throw;
  } catch (const StorageError&) {
    // Requests are served without it; the first record that cannot be written is on the log.
  }
  return database;
}

void migrate_postgres_database(const std::string& url, const Clock& clock) {
  migrate_server(std::make_shared<PostgresServer>(url, clock), kMigrationTimeout);
}

void check_postgres_database(const std::string& url, const Clock& clock, Millis patience) {
  PostgresConnection connection(std::make_shared<PostgresServer>(url, clock),
                                {PostgresConnection::Mode::read, patience, [] {}});
  check_readable(connection, "SELECT 1");
}

}  // namespace responses_proxy
