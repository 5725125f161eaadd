#include "storage/background_usage.h"

#include <algorithm>

#include "storage/record_key.h"
#include "storage/sql_values.h"

namespace responses_proxy {

namespace {

using Records = std::vector<const RequestRecord*>;

bool has_background_usage(const RequestRecord& record) {
  return record.background && !record.usage.empty() && !record.response_id.empty();
}

// In the order of the responses' ids: two writers never wait for each other crosswise.
std::vector<const RequestRecord**> by_response(Records& records) {
  std::vector<const RequestRecord**> places;
  for (const RequestRecord*& record : records) {
    if (has_background_usage(*record)) places.push_back(&record);
  }
  std::stable_sort(places.begin(), places.end(),
                   [](const RequestRecord* const* left, const RequestRecord* const* right) {
                     return (*left)->response_id < (*right)->response_id;
                   });
  return places;
}

RequestRecord without_usage(RequestRecord record) {
  record.usage = {};
  for (AttemptRecord& attempt : record.attempts) attempt.usage = {};
  return record;
}

}  // namespace

void BackgroundUsage::count(SqlConnection& connection, Records& records) {
  static const SqlInsert insert{
      "background_usage", {{"response_id", true}, {"request_key"}}, "DO NOTHING"};
  const auto places = by_response(records);
  if (places.empty()) return;
  std::vector<SqlValues> rows;
  rows.reserve(places.size());
  for (const RequestRecord* const* place : places) {
    rows.push_back({to_sql((*place)->response_id), record_key(**place)});
  }
  const std::vector<bool> counts = connection.insert(insert, rows);
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (counts[i]) continue;
    copies_.push_back(std::make_unique<const RequestRecord>(without_usage(**places[i])));
    *places[i] = copies_.back().get();
  }
}

}  // namespace responses_proxy
