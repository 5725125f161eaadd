// PostgreSQL databases: the one a URL names, opened, migrated, looked at.
//
// Errors     StorageError for a URL that parse_postgres_url does not take, and for the tables of a
//            newer program.
// Ownership  The clock outlives what is made with it.
#pragma once

#include <memory>
#include <string>

#include "responses_proxy/clock.h"
#include "storage/database.h"

namespace responses_proxy {

// A database that cannot be used now is no error here; every call tries again.
std::unique_ptr<Database> open_postgres_database(const std::string& url, const Clock& clock);
// StorageError for a database that cannot be used.
void migrate_postgres_database(const std::string& url, const Clock& clock);
// StorageError with what is wrong, if something is; changes nothing. Blocks: connects.
void check_postgres_database(const std::string& url, const Clock& clock, Millis patience);

}  // namespace responses_proxy
