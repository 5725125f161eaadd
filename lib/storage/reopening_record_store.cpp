#include "storage/reopening_record_store.h"

#include <utility>

#include "storage/sql_connection.h"

namespace responses_proxy {

std::shared_ptr<RecordStore> ReopeningRecordStore::current() {
  const std::scoped_lock lock(mutex_);
  return store_;
}

void ReopeningRecordStore::reopen() {
  std::shared_ptr<RecordStore> fresh = open_();
  const std::scoped_lock lock(mutex_);
  store_.swap(fresh);
}

void ReopeningRecordStore::write(std::span<const RequestRecord> records) {
  try {
    return current()->write(records);
  } catch (const DatabaseMoved&) {
    reopen();
  }
  current()->write(records);
}

Page<RequestRecord> ReopeningRecordStore::requests(const RecordQuery& query) {
  return current()->requests(query);
}

Page<DecisionRow> ReopeningRecordStore::decisions(const RecordQuery& query) {
  return current()->decisions(query);
}

Page<SessionRow> ReopeningRecordStore::sessions(const RecordQuery& query) {
  return current()->sessions(query);
}

Page<TelemetryRow> ReopeningRecordStore::telemetry(const RecordQuery& query) {
  return current()->telemetry(query);
}

std::vector<UsageRow> ReopeningRecordStore::usage(UsageBy by, const RecordQuery& query) {
  return current()->usage(by, query);
}

std::optional<std::string> ReopeningRecordStore::resource_of_response(
    const std::string& response_id) {
  return current()->resource_of_response(response_id);
}

void ReopeningRecordStore::ping() {
  current()->ping();
}

}  // namespace responses_proxy
