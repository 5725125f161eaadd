// The usage of background responses, counted once.
//
// Role       The answer that creates a background response has no usage yet; each answer that reads
//            the finished response back has it. It counts with the first of these records that is
//            written, whoever writes it: a row of background_usage says which one that was.
#pragma once

#include <memory>
#include <vector>

#include "responses_proxy/request_record.h"
#include "storage/sql_connection.h"

namespace responses_proxy {

class BackgroundUsage {
 public:
  // In the transaction that writes the records: those whose usage another record has counted are
  // replaced by copies without it, which live as long as this.
  void count(SqlConnection& connection, std::vector<const RequestRecord*>& records);

 private:
  std::vector<std::unique_ptr<const RequestRecord>> copies_;
};

}  // namespace responses_proxy
