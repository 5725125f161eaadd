// Writes a batch without the records that are refused.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "responses_proxy/request_record.h"

namespace responses_proxy {

struct RefusedRecord {
  std::size_t index;  // in the batch
  std::string reason;
};

// Calls `write` for the whole batch, and for halves of it as long as it throws RecordRefused. Lets
// every other exception pass; some of the batch may be written then.
std::vector<RefusedRecord> write_parts(
    std::span<const RequestRecord> records,
    const std::function<void(std::span<const RequestRecord>)>& write);

}  // namespace responses_proxy
