// SqlConnection: what the record store needs of a database, so that its SQL is written once.
//
// Role       Runs portable SQL: $1, $2, ... in ascending order; TEXT, BIGINT, INTEGER, BLOB.
//            INTEGER PRIMARY KEY is a number of 64 bits that rows are kept in the order of;
//            WITHOUT ROWID, they are in the order of their primary key, where a database can.
// Threads    One at a time.
// Errors     Throws StorageError that names the database and the reason.
// Blocking   Every call.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "responses_proxy/storage_error.h"

namespace responses_proxy {

using SqlValue = std::variant<std::monostate, std::int64_t, std::string>;  // monostate = NULL
using SqlValues = std::vector<SqlValue>;

// A value of a row that is inserted: its text is the caller's.
struct SqlBytes {
  std::string_view bytes;
};
using SqlCell = std::variant<std::monostate, std::int64_t, std::string_view, SqlBytes>;

struct SqlColumn {
  std::string name;
  bool is_text = false;   // or an integer,
  bool is_bytes = false;  // or neither
};

// Rows to be inserted.
struct SqlInsert {
  std::string table;
  std::vector<SqlColumn> columns;
  std::string on_conflict;  // "DO NOTHING", "(id) DO UPDATE SET ..."
};

// One row of a result, valid during the call it is handed to. Columns count from 0.
class SqlRow {
 public:
  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual std::string text(int column) const = 0;
  // Of a column of BLOB.
  virtual std::string bytes(int column) const { return text(column); }

 protected:
  ~SqlRow() = default;
};

// The database works, but is not the one that was opened.
class DatabaseMoved final : public StorageError {
 public:
  using StorageError::StorageError;
};

class SqlConnection {
 public:
  virtual ~SqlConnection() = default;

  // Returns the number of rows that were inserted, updated or deleted.
  virtual std::int64_t execute(const std::string& sql, std::span<const SqlValue> params = {}) = 0;
  virtual void query(const std::string& sql, std::span<const SqlValue> params,
                     const std::function<void(const SqlRow&)>& on_row) = 0;
  // Inserts rows, whose cells stand one row behind the other, in their order. Says of each whether
  // it was written, by its first column: of rows that have the same value there, the first was.
  // DO NOTHING, and nothing else, may leave rows out; not in a table WITHOUT ROWID.
  virtual std::vector<bool> insert_cells(const SqlInsert& into, std::span<const SqlCell> cells) = 0;
  std::vector<bool> insert(const SqlInsert& into, std::span<const SqlValues> rows);
  // Runs statements of the schema, at once where each would cost a way to the server and back.
  virtual void define(std::span<const std::string> statements) = 0;
  // A statement of several rows keeps a copy of each page that it changes, unless nothing in its
  // table can make it end in the middle.
  virtual bool undoes_by_pages() const { return false; }
  // Whoever listens to `channel` (an identifier) is told once the transaction is committed, where
  // the database can do that.
  virtual void notify(const std::string& channel) { static_cast<void>(channel); }
  // A transaction that writes.
  virtual void begin() = 0;
  // No other connection changes the schema until the end of the transaction.
  virtual void lock_schema() = 0;
  virtual void commit() = 0;
  virtual void rollback() noexcept = 0;
};

inline SqlCell to_cell(const SqlValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  if (const auto* text = std::get_if<std::string>(&value)) return std::string_view(*text);
  return {};
}

inline std::vector<bool> SqlConnection::insert(const SqlInsert& into,
                                               std::span<const SqlValues> rows) {
  std::vector<SqlCell> cells;
  cells.reserve(rows.size() * into.columns.size());
  for (const SqlValues& row : rows) {
    for (const SqlValue& value : row) cells.push_back(to_cell(value));
  }
  return insert_cells(into, cells);
}

// Rolls back unless it was committed.
class SqlTransaction {
 public:
  explicit SqlTransaction(SqlConnection& connection) : connection_(connection) {
    connection_.begin();
  }
  ~SqlTransaction() {
    if (!committed_) connection_.rollback();
  }
  SqlTransaction(const SqlTransaction&) = delete;
  SqlTransaction& operator=(const SqlTransaction&) = delete;

  void commit() {
    connection_.commit();
    committed_ = true;
  }

 private:
  SqlConnection& connection_;
  bool committed_ = false;
};

}  // namespace responses_proxy
