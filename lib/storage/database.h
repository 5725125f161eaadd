// Database: one SQL database with this program's tables, and the connections to it.
//
// Role       Opened and migrated by open_database(), reopened by itself when it has gone. What is
//            kept in it is the business of classes of their own, which borrow a connection for
//            each call: SqlRecordWriter, SqlRecordQueries.
// Threads    Safe from any thread. One caller at a time writes, the others wait for their turn;
//            readers run beside it, as many as there are connections.
// Ownership  Outlives what stands on it. A connection is the caller's for one call.
// Errors     Throws StorageError, and lets pass what the caller's function throws. Reads that are
//            under way when the database is reopened end on the connections they began with.
// Blocking   Every call does SQL: never on an event loop.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "responses_proxy/clock.h"
#include "storage/connection_pool.h"
#include "storage/sql_connection.h"

namespace responses_proxy {

class Database {
 public:
  // Connections whose tables are up to date; at least one of each.
  struct Connections {
    std::unique_ptr<SqlConnection> writer;
    ConnectionPool::Connections readers;
    // For what must not wait behind a long list.
    ConnectionPool::Connections lookups;
  };
  using Connect = std::function<Connections()>;

  // Connects; later again whenever the database turns out to have been moved (DatabaseMoved).
  explicit Database(Connect connect);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Calls work(SqlConnection&) in a transaction, which is undone when it throws.
  void write(const std::function<void(SqlConnection&)>& work);
  // Calls ask(SqlConnection&) and returns what it returns.
  template <class Ask>
  auto read(Ask&& ask) {
    const auto opened = current();
    return opened->readers.with(std::forward<Ask>(ask));
  }
  // As read(), on connections of its own: for a question with one short answer, by a key.
  template <class Ask>
  auto look_up(Ask&& ask) {
    const auto opened = current();
    return opened->lookups.with(std::forward<Ask>(ask));
  }
  // Throws when the database does not answer, or has not this program's tables.
  void ping();

 private:
  struct Opened {
    explicit Opened(Connections connections)
        : writer(std::move(connections.writer)),
          readers(std::move(connections.readers)),
          lookups(std::move(connections.lookups)) {}
    std::unique_ptr<SqlConnection> writer;
    ConnectionPool readers;
    ConnectionPool lookups;
  };

  std::shared_ptr<Opened> current();
  void reopen();
  void write_once(const std::function<void(SqlConnection&)>& work);

  const Connect connect_;
  std::mutex write_mutex_;  // held by whoever writes
  std::mutex mutex_;        // guards opened_
  std::shared_ptr<Opened> opened_;
};

}  // namespace responses_proxy
