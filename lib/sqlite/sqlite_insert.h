// SqliteInsert: rows into one table, one after the other, by a statement that is prepared once.
// Straight to SQLite's own interface: this is what a record costs.
//
// Errors     Throws SQLite::Exception.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <memory>
#include <span>
#include <string>

#include "storage/sql_connection.h"

struct sqlite3_stmt;

namespace responses_proxy {

class SqliteInsert {
 public:
  // `sql`: statement_of() the rows.
  SqliteInsert(SQLite::Database& database, const std::string& sql);
  static std::string statement_of(const SqlInsert& into);

  // True if it was written. The cells are not copied.
  bool row(std::span<const SqlCell> cells);

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  void check(int result) const;

  SQLite::Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace responses_proxy
