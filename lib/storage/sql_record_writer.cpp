#include "storage/sql_record_writer.h"

#include <algorithm>

#include "storage/background_usage.h"
#include "storage/earlier_records.h"
#include "storage/record_key.h"
#include "storage/request_rows.h"
#include "storage/session_totals.h"
#include "storage/usage_sums.h"

namespace responses_proxy {

namespace {

// In the same order everywhere: two writers that have the same records wait for each other, but not
// crosswise.
RequestRows::Records in_order(std::span<const RequestRecord> records) {
  std::vector<std::pair<std::int64_t, const RequestRecord*>> keyed;
  keyed.reserve(records.size());
  for (const RequestRecord& record : records) keyed.emplace_back(record_key(record), &record);
  std::stable_sort(keyed.begin(), keyed.end(),
                   [](const auto& left, const auto& right) { return left.first < right.first; });
  RequestRows::Records sorted;
  sorted.reserve(keyed.size());
  for (const auto& [key, record] : keyed) sorted.push_back(record);
  return sorted;
}

}  // namespace

void SqlRecordWriter::write(std::span<const RequestRecord> records) {
  RequestRows::Records sorted = in_order(records);
  database_.write([&](SqlConnection& connection) {
    if (earlier_ && (earlier_ = has_earlier_records(connection))) {
      std::erase_if(sorted, [&](const RequestRecord* record) {
        return is_earlier_record(connection, record->request_id);
      });
    }
    BackgroundUsage background;
    background.count(connection, sorted);
    RequestRows rows(connection);
    SessionTotals sessions;
    UsageSums usage;
    for (const RequestRecord* record : rows.insert(sorted)) {
      sessions.add(*record);
      usage.add(*record);
    }
    rows.finish();
    sessions.write(connection);
    usage.write(connection, rows.newest_segment());
  });
}

}  // namespace responses_proxy
