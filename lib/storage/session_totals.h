// SessionTotals: what a batch of records adds to the rows of `sessions`.
//
// Threads    One at a time.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "responses_proxy/request_record.h"
#include "storage/sql_connection.h"
#include "storage/sql_values.h"

namespace responses_proxy {

class SessionTotals {
 public:
  // Records without a session are passed over. The record outlives this.
  void add(const RequestRecord& record);
  // In the order of the ids: two writers never wait for each other crosswise.
  void write(SqlConnection& connection);

 private:
  struct Total {
    const RequestRecord* newest = nullptr;
    const RequestRecord* named = nullptr;  // the newest that has a name, if there is one
    WallTime created_at;
    std::int64_t requests = 0;
    std::int64_t errors = 0;
    TokenUsage usage;
  };

  void append(std::vector<SqlCell>& cells, std::string_view session_id, const Total& total);

  std::unordered_map<std::string_view, Total> by_session_;
  StorableTexts texts_;
};

}  // namespace responses_proxy
