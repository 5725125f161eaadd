#include <utility>

#include "sqlite/sqlite_database.h"
#include "telemetry/queued_records.h"

namespace responses_proxy {

std::unique_ptr<SqlRecords> open_sqlite_records(const std::string& url, const Clock& clock,
                                                SqlRecordsOptions options) {
  return std::make_unique<QueuedRecords>(open_sqlite_database(url), clock, std::move(options),
                                         QueueSinkOptions{}.patience);
}

}  // namespace responses_proxy
