// SqlRecordWriter: RecordWriter over a Database.
//
// Role       A batch is one transaction: requests with their attempts, the totals of their
//            sessions, the sums of usage. What is already stored under a request id stays as it is,
//            and the usage of a background response counts once (background_usage.h).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "storage/database.h"
#include "storage/record_writer.h"

namespace responses_proxy {

class SqlRecordWriter final : public RecordWriter {
 public:
  explicit SqlRecordWriter(Database& database) : database_(database) {}

  void write(std::span<const RequestRecord> records) override;
  std::string name() const override { return "the database"; }

 private:
  Database& database_;
  bool earlier_ = true;  // there may be records of an earlier version
};

}  // namespace responses_proxy
