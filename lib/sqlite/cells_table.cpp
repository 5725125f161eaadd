#include "sqlite/cells_table.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <memory>
#include <string>

namespace responses_proxy {

namespace {

// What SQLite holds of the table; it looks at one row at a time, so its cursors have no place of
// their own.
struct Table : sqlite3_vtab {
  CellsTable* cells;
};

CellsTable& cells_of(sqlite3_vtab_cursor* cursor) {
  return *static_cast<Table*>(cursor->pVtab)->cells;
}

int connect(sqlite3* database, void* cells, int, const char* const*, sqlite3_vtab** table, char**) {
  std::string columns;
  for (std::size_t i = 0; i < CellsTable::kMostColumns; ++i) {
    columns += fmt::format("{}c{}", i == 0 ? "" : ", ", i);
  }
  const std::string declaration = fmt::format("CREATE TABLE cells ({})", columns);
  *table = new Table{{}, static_cast<CellsTable*>(cells)};
  return sqlite3_declare_vtab(database, declaration.c_str());
}

int disconnect(sqlite3_vtab* table) {
  const std::unique_ptr<Table> gone(static_cast<Table*>(table));
  return SQLITE_OK;
}

int best_index(sqlite3_vtab*, sqlite3_index_info*) {
  return SQLITE_OK;
}

int open(sqlite3_vtab*, sqlite3_vtab_cursor** cursor) {
  *cursor = new sqlite3_vtab_cursor{};
  return SQLITE_OK;
}

int close(sqlite3_vtab_cursor* cursor) {
  const std::unique_ptr<sqlite3_vtab_cursor> gone(cursor);
  return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* cursor, int, const char*, int, sqlite3_value**) {
  cells_of(cursor).first();
  return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* cursor) {
  cells_of(cursor).next();
  return SQLITE_OK;
}

int at_end(sqlite3_vtab_cursor* cursor) {
  return cells_of(cursor).at_end() ? 1 : 0;
}

// A null pointer would be NULL.
const char* start_of(std::string_view bytes) {
  return bytes.data() == nullptr ? "" : bytes.data();
}

int column(sqlite3_vtab_cursor* cursor, sqlite3_context* result, int index) {
  const SqlCell& cell = cells_of(cursor).cell(static_cast<std::size_t>(index));
  if (const auto* number = std::get_if<std::int64_t>(&cell)) {
    sqlite3_result_int64(result, *number);
  } else if (const auto* text = std::get_if<std::string_view>(&cell)) {
    sqlite3_result_text64(result, start_of(*text), text->size(), SQLITE_STATIC, SQLITE_UTF8);
  } else if (const auto* bytes = std::get_if<SqlBytes>(&cell)) {
    sqlite3_result_blob64(result, start_of(bytes->bytes), bytes->bytes.size(), SQLITE_STATIC);
  } else {
    sqlite3_result_null(result);
  }
  return SQLITE_OK;
}

int row_id(sqlite3_vtab_cursor* cursor, sqlite3_int64* id) {
  *id = static_cast<sqlite3_int64>(cells_of(cursor).row());
  return SQLITE_OK;
}

void on_change(void* cells, int, const char*, const char*, sqlite3_int64) {
  static_cast<CellsTable*>(cells)->mark();
}

// Without xCreate: the table is there under the name of its module, and in no schema.
sqlite3_module module_of_cells() {
  sqlite3_module module{};
  module.xConnect = connect;
  module.xBestIndex = best_index;
  module.xDisconnect = disconnect;
  module.xOpen = open;
  module.xClose = close;
  module.xFilter = filter;
  module.xNext = next;
  module.xEof = at_end;
  module.xColumn = column;
  module.xRowid = row_id;
  return module;
}

}  // namespace

void CellsTable::attach(SQLite::Database& database) {
  static const sqlite3_module module = module_of_cells();
  const int result = sqlite3_create_module(database.getHandle(), "cells", &module, this);
  if (result != SQLITE_OK) throw SQLite::Exception(database.getHandle(), result);
  sqlite3_update_hook(database.getHandle(), on_change, this);
}

void CellsTable::show(std::span<const SqlCell> cells, std::size_t width) {
  cells_ = cells;
  width_ = width;
  row_ = 0;
  written_.assign(cells.size() / width, false);
}

}  // namespace responses_proxy
