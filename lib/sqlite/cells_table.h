// CellsTable: the rows of an insert, as a table that SQLite reads them from.
//
// Role       INSERT INTO ... SELECT c0, c1 FROM cells: a table and all its indexes are opened once
//            for the rows of a batch, not anew for each row. It also sees which of them were
//            written, where a conflict leaves rows out.
// Threads    Those of its connection, one at a time.
// Ownership  Stays where it is, and outlives the connection. The cells are the caller's, who keeps
//            them until the statement is reset.
// Errors     attach() throws SQLite::Exception.
// Limits     kMostColumns. Which rows were written is not seen in a table WITHOUT ROWID.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstddef>
#include <span>
#include <vector>

#include "storage/sql_connection.h"

namespace responses_proxy {

class CellsTable {
 public:
  static constexpr std::size_t kMostColumns = 64;

  CellsTable() = default;
  CellsTable(const CellsTable&) = delete;
  CellsTable& operator=(const CellsTable&) = delete;

  // Makes it a table of this connection, with the columns c0, c1, ...
  void attach(SQLite::Database& database);

  // What the next statement reads: rows of `width` cells, one behind the other.
  void show(std::span<const SqlCell> cells, std::size_t width);
  // Of each row, whether a statement that read it has written one.
  const std::vector<bool>& written() const { return written_; }

  // For SQLite.
  void first() { row_ = 0; }
  void next() { ++row_; }
  bool at_end() const { return row_ >= written_.size(); }
  std::size_t row() const { return row_; }
  const SqlCell& cell(std::size_t column) const { return cells_[row_ * width_ + column]; }
  void mark() {
    if (!at_end()) written_[row_] = true;
  }

 private:
  std::span<const SqlCell> cells_;
  std::size_t width_ = 1;
  std::size_t row_ = 0;
  std::vector<bool> written_;
};

}  // namespace responses_proxy
