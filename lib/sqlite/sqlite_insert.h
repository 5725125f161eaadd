// SqliteInsert: the rows of a CellsTable into one table, by a statement that is prepared once.
// Straight to SQLite's own interface: this is what a record costs.
//
// Errors     Throws SQLite::Exception.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <memory>
#include <string>

#include "storage/sql_connection.h"

struct sqlite3_stmt;

namespace responses_proxy {

class SqliteInsert {
 public:
  // `sql`: statement_of() the rows.
  SqliteInsert(SQLite::Database& database, const std::string& sql);
  static std::string statement_of(const SqlInsert& into);

  // All rows; returns how many were written.
  std::int64_t run();

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  SQLite::Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace responses_proxy
