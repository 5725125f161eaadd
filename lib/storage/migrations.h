// Migrations: the schema as a numbered list of changes, applied once each, in order.
//
// Errors     SchemaTooNew when the database was made by a newer program; StorageError when a change
//            fails (the database is then as it was).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "storage/sql_connection.h"

namespace responses_proxy {

class SchemaTooNew final : public StorageError {
 public:
  using StorageError::StorageError;
};

struct Migration {
  std::int64_t version;
  std::vector<std::string> statements;
  // Behind those, where SqlConnection::undoes_by_pages().
  std::vector<std::string> if_undone_by_pages = {};
};

// All of them, versions ascending. A change that was released is never edited.
std::span<const Migration> migrations();

// Throws SchemaTooNew when the database was made by a newer program; changes nothing.
void check_schema(SqlConnection& connection, std::span<const Migration> steps = migrations());

// Asks `sql`, then as check_schema(): StorageError if nothing can be read.
void check_readable(SqlConnection& connection, const std::string& sql);

// Brings the database to the last version, in one transaction.
void migrate(SqlConnection& connection, std::span<const Migration> steps = migrations());

}  // namespace responses_proxy
