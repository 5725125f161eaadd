// Migrations: the schema as a numbered list of changes, applied once each, in order.
//
// Errors     StorageError when the database was made by a newer program, or a change fails (the
//            database is then as it was).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "storage/sql_connection.h"

namespace responses_proxy {

struct Migration {
  std::int64_t version;
  std::vector<std::string> statements;
};

// All of them, versions ascending. A change that was released is never edited.
std::span<const Migration> migrations();

// Brings the database to the last version, in one transaction.
void migrate(SqlConnection& connection, std::span<const Migration> steps = migrations());

}  // namespace responses_proxy
