// The database that a URL names, whichever kind it is.
#pragma once

#include <memory>
#include <string>

#include "responses_proxy/clock.h"
#include "storage/database.h"

namespace responses_proxy {

// Opens (and, where needed, creates and migrates) the database at `url`.
//
// sqlite:///relative, sqlite:////absolute: throws StorageError when the file cannot be used. A file
// that was moved or deleted since is created anew by the next write.
// postgresql://...: a database that cannot be used now is no error here; every call tries again.
// Throws StorageError for a URL that is malformed, and for the tables of a newer program. The clock
// outlives the database.
std::unique_ptr<Database> open_database(const std::string& url, const Clock& clock);

// Brings the database to this program's schema; throws StorageError when that is not possible.
void migrate_database(const std::string& url, const Clock& clock);

}  // namespace responses_proxy
