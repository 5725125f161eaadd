// Keeps records, and reads them back.
#include <cstdio>
#include <string>

#include "responses_proxy/sql_records.h"

using namespace responses_proxy;

int main() {
  const SystemClock clock;
  const auto records = open_sqlite_records("sqlite:///uses_sqlite.db", clock);
  RequestRecord record;
  record.request_id = "req_" + std::to_string(clock.wall().time_since_epoch().count());
  record.created_at = clock.wall();
  const std::string id = record.request_id;
  records->sink().record(std::move(record));
  if (!records->sink().flush(Millis(60'000))) return 1;
  const auto page = records->queries().requests({});
  if (page.rows.empty()) return 2;
  std::printf("%s\n", page.rows.front().request_id.c_str());
  return page.rows.front().request_id == id ? 0 : 3;
}
