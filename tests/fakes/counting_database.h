// A SQLite database that counts what is asked of it, and can hold its answers back.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>

#include "sqlite/sqlite_connection.h"
#include "storage/database.h"
#include "storage/migrations.h"

namespace responses_proxy::testing {

struct SqlCounts {
  std::atomic<std::size_t> statements{0};
  std::atomic<std::size_t> rows_read{0};
  std::atomic<std::size_t> rows_written{0};
  std::atomic<std::size_t> bytes_written{0};  // of texts
  std::function<void()> before_query;         // set before anything is asked
};

class CountingConnection final : public SqlConnection {
 public:
  CountingConnection(std::unique_ptr<SqlConnection> connection, SqlCounts& counts)
      : connection_(std::move(connection)), counts_(counts) {}

  std::int64_t execute(const std::string& sql, std::span<const SqlValue> params) override {
    ++counts_.statements;
    for (const SqlValue& value : params) {
      if (const auto* text = std::get_if<std::string>(&value))
        counts_.bytes_written += text->size();
    }
    const std::int64_t rows = connection_->execute(sql, params);
    counts_.rows_written += static_cast<std::size_t>(rows);
    return rows;
  }
  void query(const std::string& sql, std::span<const SqlValue> params,
             const std::function<void(const SqlRow&)>& on_row) override {
    if (counts_.before_query) counts_.before_query();
    ++counts_.statements;
    connection_->query(sql, params, [&](const SqlRow& row) {
      ++counts_.rows_read;
      on_row(row);
    });
  }
  std::vector<bool> insert_cells(const SqlInsert& into, std::span<const SqlCell> cells) override {
    return connection_->insert_cells(into, cells);
  }
  void define(std::span<const std::string> statements) override { connection_->define(statements); }
  bool undoes_by_pages() const override { return connection_->undoes_by_pages(); }
  void begin() override { connection_->begin(); }
  void lock_schema() override { connection_->lock_schema(); }
  void commit() override { connection_->commit(); }
  void rollback() noexcept override { connection_->rollback(); }

 private:
  const std::unique_ptr<SqlConnection> connection_;
  SqlCounts& counts_;
};

inline std::unique_ptr<Database> counting_database(const std::string& path, SqlCounts& counts) {
  return std::make_unique<Database>([path, &counts] {
    using Mode = SqliteConnection::Mode;
    const auto connect = [&](Mode mode) {
      return std::make_unique<CountingConnection>(std::make_unique<SqliteConnection>(path, mode),
                                                  counts);
    };
    SqliteConnection migrator(path, Mode::write);
    migrate(migrator);
    Database::Connections connections;
    connections.writer = connect(Mode::write);
    connections.readers.push_back(connect(Mode::read));
    connections.lookups.push_back(connect(Mode::read));
    return connections;
  });
}

}  // namespace responses_proxy::testing
