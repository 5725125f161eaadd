// SqlRecordWriter: RecordWriter over a Database.
//
// Role       A batch is one transaction: requests, their attempts, the totals of their sessions,
// the
//            sums of usage.
//            What is already stored under a request id stays as it is, and the usage of a
//            background response counts once (background_usage.h).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "storage/database.h"
#include "storage/record_writer.h"

namespace responses_proxy {

class SqlRecordWriter final : public RecordWriter {
 public:
  explicit SqlRecordWriter(Database& database);

  void write(std::span<const RequestRecord> records) override;
  std::string name() const override { return "the database"; }

 private:
  using Records = std::vector<const RequestRecord*>;

  // Returns those that were not there already.
  Records insert_requests(SqlConnection& connection,
                          std::span<const RequestRecord* const> records) const;
  void insert_attempts(SqlConnection& connection, const Records& records) const;

  Database& database_;
  const SqlInsert requests_;
  const SqlInsert attempts_;
};

}  // namespace responses_proxy
