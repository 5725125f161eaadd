// SqlRecordQueries: RecordQueries over a Database.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "responses_proxy/record_queries.h"
#include "storage/database.h"

namespace responses_proxy {

class SqlRecordQueries final : public RecordQueries {
 public:
  explicit SqlRecordQueries(Database& database) : database_(database) {}

  Page<RequestRecord> requests(const RecordQuery& query) override;
  Page<DecisionRow> decisions(const RecordQuery& query) override;
  Page<SessionRow> sessions(const RecordQuery& query) override;
  std::vector<UsageRow> usage(UsageBy by, const RecordQuery& query) override;
  std::optional<std::string> resource_of_response(const std::string& response_id) override;

 private:
  Database& database_;
};

}  // namespace responses_proxy
