#include "databases/open_database.h"

#include "postgres/postgres_database.h"
#include "postgres/postgres_url.h"
#include "sqlite/sqlite_database.h"

namespace responses_proxy {

std::unique_ptr<Database> open_database(const std::string& url, const Clock& clock) {
  if (is_postgres_url(url)) return open_postgres_database(url, clock);
  return open_sqlite_database(url);
}

void migrate_database(const std::string& url, const Clock& clock) {
  if (is_postgres_url(url)) return migrate_postgres_database(url, clock);
  migrate_sqlite_database(url);
}

}  // namespace responses_proxy
