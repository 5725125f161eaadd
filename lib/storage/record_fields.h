// The columns of `requests` and `attempts`, each with the member of the record it holds: what is
// inserted, selected and read follows from these two lists.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "responses_proxy/request_record.h"
#include "storage/sql_connection.h"

namespace responses_proxy {

template <class Record>
struct Field {
  const char* column;
  bool is_text;  // or an integer
  std::function<SqlValue(const Record&)> get;
  std::function<void(const SqlRow&, int column, Record&)> set;
};

std::span<const Field<RequestRecord>> request_fields();
// Those without the bodies: what a list reads.
std::span<const Field<RequestRecord>> request_summary_fields();
std::span<const Field<AttemptRecord>> attempt_fields();

// "r.request_id, r.created_at, ...": the columns of all fields.
template <class Record>
std::string column_list(std::span<const Field<Record>> fields, const std::string& prefix) {
  std::string list;
  for (const Field<Record>& field : fields) {
    if (!list.empty()) list += ", ";
    list += prefix + field.column;
  }
  return list;
}

// Reads the columns of column_list(), the first of which is `first_column`.
template <class Record>
Record read_record(std::span<const Field<Record>> fields, const SqlRow& row, int first_column = 0) {
  Record record;
  int column = first_column;
  for (const Field<Record>& field : fields) field.set(row, column++, record);
  return record;
}

}  // namespace responses_proxy
