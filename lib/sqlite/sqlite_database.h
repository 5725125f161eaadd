// SQLite databases: the file a URL names, opened, migrated, looked at.
//
// Errors     StorageError for a URL that parse_sqlite_url does not take, and for a file that cannot
//            be used.
#pragma once

#include <memory>
#include <string>

#include "responses_proxy/clock.h"
#include "storage/database.h"

namespace responses_proxy {

// A file that was moved or deleted since is created anew by the next write.
std::unique_ptr<Database> open_sqlite_database(const std::string& url);
void migrate_sqlite_database(const std::string& url);
// "" or what is wrong, without a change; StorageError where the file says so. One that is not there
// yet is fine if it could be made. `patience`: with the lock of another process.
std::string sqlite_database_problem(const std::string& url, Millis patience);

}  // namespace responses_proxy
