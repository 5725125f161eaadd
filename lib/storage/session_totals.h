// SessionTotals: what a batch of records adds to the rows of `sessions`.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "responses_proxy/record_queries.h"
#include "storage/sql_connection.h"

namespace responses_proxy {

class SessionTotals {
 public:
  // Records without a session are passed over.
  void add(const RequestRecord& record);
  // In the order of the ids: two writers never wait for each other crosswise.
  void write(SqlConnection& connection) const;

 private:
  std::map<std::string, SessionRow, std::less<>> by_session_;
};

}  // namespace responses_proxy
