// ReopeningRecordStore: opens the store anew when its database was moved or deleted.
//
// Threads    As RecordStore. Queries that are under way keep the store they began with.
// Errors     As RecordStore. A write throws StorageError as long as the store cannot be opened.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "storage/record_store.h"

namespace responses_proxy {

class ReopeningRecordStore final : public RecordStore {
 public:
  using Open = std::function<std::unique_ptr<RecordStore>()>;

  explicit ReopeningRecordStore(Open open) : open_(std::move(open)), store_(open_()) {}

  void write(std::span<const RequestRecord> records) override;
  Page<RequestRecord> requests(const RecordQuery& query) override;
  Page<DecisionRow> decisions(const RecordQuery& query) override;
  Page<SessionRow> sessions(const RecordQuery& query) override;
  Page<TelemetryRow> telemetry(const RecordQuery& query) override;
  std::vector<UsageRow> usage(UsageBy by, const RecordQuery& query) override;
  std::optional<std::string> resource_of_response(const std::string& response_id) override;
  void ping() override;

 private:
  std::shared_ptr<RecordStore> current();
  void reopen();

  const Open open_;
  std::mutex mutex_;  // guards store_
  std::shared_ptr<RecordStore> store_;
};

}  // namespace responses_proxy
