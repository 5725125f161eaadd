// SqliteConnection: SqlConnection over SQLiteCpp.
//
// Errors     DatabaseMoved from begin() when the path no longer names the file that was opened.
// Blocking   Up to `patience` where another connection holds a lock.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>
#include <unordered_map>
#include <utility>

#include "responses_proxy/clock.h"
#include "sqlite/cells_table.h"
#include "sqlite/sqlite_insert.h"
#include "storage/sql_connection.h"

namespace responses_proxy {

class SqliteConnection final : public SqlConnection {
 public:
  enum class Mode : std::uint8_t { read, write };

  // Mode::write creates the file (readable by its owner only) and its folder.
  SqliteConnection(const std::string& path, Mode mode, Millis patience = Millis(5'000));

  std::int64_t execute(const std::string& sql, std::span<const SqlValue> params) override;
  void query(const std::string& sql, std::span<const SqlValue> params,
             const std::function<void(const SqlRow&)>& on_row) override;
  std::vector<bool> insert_cells(const SqlInsert& into, std::span<const SqlCell> cells) override;
  void define(std::span<const std::string> statements) override {
    for (const std::string& statement : statements) execute(statement, {});
  }
  bool undoes_by_pages() const override { return true; }
  void begin() override;
  void lock_schema() override {}  // begin() keeps out everyone who writes
  void commit() override;
  void rollback() noexcept override;

 private:
  static constexpr std::size_t kMaxStatements = 64;

  // Device and inode.
  using FileId = std::pair<std::uint64_t, std::uint64_t>;
  static FileId file_at(const std::string& path);

  // The prepared statement, from the cache after its first use.
  SQLite::Statement& statement(const std::string& sql);
  SqliteInsert& prepared_insert(const std::string& sql);

  const std::string path_;
  const std::string name_;  // for error texts
  CellsTable cells_;
  SQLite::Database database_;
  const FileId opened_file_;
  std::unordered_map<std::string, SQLite::Statement> statements_;
  std::unordered_map<std::string, SqliteInsert> inserts_;
};

}  // namespace responses_proxy
