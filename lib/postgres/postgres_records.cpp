#include <utility>

#include "postgres/postgres_database.h"
#include "telemetry/queued_records.h"

namespace responses_proxy {

std::unique_ptr<SqlRecords> open_postgres_records(const std::string& url, const Clock& clock,
                                                  SqlRecordsOptions options) {
  return std::make_unique<QueuedRecords>(open_postgres_database(url, clock), clock,
                                         std::move(options), kRemotePatience);
}

}  // namespace responses_proxy
