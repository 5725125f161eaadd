#include "databases/probe_database.h"

#include "postgres/postgres_database.h"
#include "postgres/postgres_url.h"
#include "responses_proxy/storage_error.h"
#include "sqlite/sqlite_database.h"

namespace responses_proxy {

namespace {

constexpr Millis kPatience{1'000};  // for a lock of another process, or a slow server

}  // namespace

std::string database_problem(const std::string& url, const Clock& clock) {
  try {
    if (!is_postgres_url(url)) return sqlite_database_problem(url, kPatience);
    check_postgres_database(url, clock, kPatience);
    return {};
  } catch (const StorageError& error) {
    return error.what();
  }
}

}  // namespace responses_proxy
