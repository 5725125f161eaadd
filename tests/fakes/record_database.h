// A database, with what writes records to it and what asks for them.
#pragma once

#include <memory>
#include <string>

#include "databases/open_database.h"
#include "storage/sql_record_queries.h"
#include "storage/sql_record_writer.h"

namespace responses_proxy::testing {

struct RecordDatabase {
  explicit RecordDatabase(const std::string& url)
      : database(open_database(url, clock)), writer(*database), queries(*database) {}

  const SystemClock clock{};
  const std::unique_ptr<Database> database;
  SqlRecordWriter writer;
  SqlRecordQueries queries;
};

inline std::unique_ptr<RecordDatabase> open_records(const std::string& url) {
  return std::make_unique<RecordDatabase>(url);
}

}  // namespace responses_proxy::testing
