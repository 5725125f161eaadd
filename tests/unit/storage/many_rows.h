// Fills the tables as a long time of traffic does, in both databases.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "fakes/sample_records.h"
#include "storage/request_rows.h"

namespace responses_proxy::testing {

// Of the first request; one comes each second. It is at_second(0).
inline constexpr std::int64_t kFirstMicros = 1'795'219'200'000'000;

// As this program makes them.
inline std::string many_id(std::int64_t i) {
  return fmt::format("req_{:012x}{:016x}", kFirstMicros / 1'000 + i * 1'000, i * 7'919);
}

inline RequestRecord many_record(std::int64_t i) {
  RequestRecord record = without_bodies(sample_record(many_id(i), at_second(i)));
  if (i % 20 == 7) record.request_id = fmt::format("host-{}", i);
  record.session_id = fmt::format("s-{}", i % 10'000);
  record.requested_pool_id = i % 50 == 0 ? fmt::format("wish-{}", i / 50 % 10) : "";
  record.model = fmt::format("gpt-{}", i % 10);
  record.response_id = fmt::format("resp_{}", i);
  record.caller = fmt::format("caller-{}", i % 5'000);
  if (i % 100 == 0) record.status_code = static_cast<int>(500 + i / 100 % 4);
  if (i % 200 == 0) record.attempts.push_back(record.attempts.front());
  for (AttemptRecord& attempt : record.attempts) {
    attempt.resource_id = fmt::format("openai-{}", i % 8);
    attempt.pool_id = fmt::format("pool-{}", i % 3);
  }
  return record;
}

// What follows from the requests.
inline const std::array<std::string, 3> kFillTheRest{
    "INSERT INTO sessions (session_id, session_name, last_resource_id, last_pool_id, last_model, "
    "last_status_code, created_at, last_seen_at, request_count, error_count) "
    "SELECT session_id, '', MAX(resource_id), MAX(pool_id), MAX(model), 200, MIN(created_at), "
    "MAX(created_at), COUNT(*), 0 FROM requests GROUP BY session_id",
    "INSERT INTO usage_days SELECT created_at / 86400000000, '', model, resource_id, pool_id, "
    "asked_pool_id, caller, status_code, COUNT(*), 0, 1, 1, 1, 1, 1 FROM requests "
    "GROUP BY 1, 2, 3, 4, 5, 6, 7, 8",
    "INSERT INTO usage_session_days SELECT created_at / 86400000000 * 1048576 + segment, "
    "session_id, model, resource_id, pool_id, asked_pool_id, caller, status_code, COUNT(*), 0, 1, "
    "1, 1, 1, 1 "
    "FROM requests GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"};

inline void fill_tables(SqlConnection& connection, std::int64_t rows) {
  constexpr std::int64_t kBatch = 10'000;
  for (std::int64_t from = 0; from < rows; from += kBatch) {
    std::vector<RequestRecord> records;
    RequestRows::Records batch;
    for (std::int64_t i = from; i < std::min(rows, from + kBatch); ++i) {
      records.push_back(many_record(i));
    }
    for (const RequestRecord& record : records) batch.push_back(&record);
    SqlTransaction transaction(connection);
    RequestRows to(connection);
    to.insert(batch);
    to.finish();
    transaction.commit();
  }
  for (const std::string& statement : kFillTheRest) {
    SqlTransaction transaction(connection);
    connection.execute(statement);
    transaction.commit();
  }
}

}  // namespace responses_proxy::testing
