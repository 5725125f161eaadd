// PostgresConnection: SqlConnection that connects when it is first used, and again after it was
// lost.
//
// Role       Leaves nothing behind in the server's session: every call outside of a transaction is
//            one of its own, settings and locks end with it, and there are no prepared statements.
//            So it works through PgBouncer in transaction mode as well.
// Errors     As SqlConnection; RecordRefused for what the database says about the data. After any
//            other error the connection is closed: the next call has a new one. A transaction whose
//            begin finds the connection dead tries once more by itself.
// Blocking   Connecting: as long as the URL's connect_timeout. A statement: `timeout`, then the
//            server ends it; a server that is silent beyond that is left. A transaction has that
//            time as a whole.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "postgres/postgres_server.h"
#include "responses_proxy/clock.h"
#include "storage/sql_connection.h"

namespace responses_proxy {

class PostgresConnection final : public SqlConnection {
 public:
  enum class Mode : std::uint8_t { read, write };
  struct Options {
    Mode mode = Mode::write;
    Millis timeout{5'000};
    // Makes sure of the tables; called after connecting where they are in doubt.
    std::function<void()> ensure_schema;
  };

  PostgresConnection(std::shared_ptr<PostgresServer> server, Options options);

  std::int64_t execute(const std::string& sql, std::span<const SqlValue> params) override;
  void query(const std::string& sql, std::span<const SqlValue> params,
             const std::function<void(const SqlRow&)>& on_row) override;
  std::vector<bool> insert_cells(const SqlInsert& into, std::span<const SqlCell> cells) override;
  // TEXT compares byte by byte, whatever the database's locale: as in SQLite, and an update of the
  // system's locales does not break the indexes.
  void define(std::span<const std::string> statements) override;
  void notify(const std::string& channel) override;
  void begin() override;
  void lock_schema() override;
  void commit() override;
  void rollback() noexcept override;

 private:
  // True if it had to.
  bool connect();
  SteadyTime deadline() const;
  std::int64_t run(const std::string& sql, const PostgresDriver::Params& params,
                   const PostgresDriver::OnRow& on_row);
  std::int64_t run_once(const std::string& sql, const PostgresDriver::Params& params,
                        const PostgresDriver::OnRow& on_row);
  std::int64_t watched(const std::string& sql, const PostgresDriver::Params& params,
                       const PostgresDriver::OnRow& on_row);
  [[noreturn]] void fail(const PostgresError& error);

  const std::shared_ptr<PostgresServer> server_;
  const Options options_;
  const std::string begin_;
  std::unique_ptr<PostgresDriver> driver_;
  bool in_transaction_ = false;
  SteadyTime transaction_ends_;
};

}  // namespace responses_proxy
