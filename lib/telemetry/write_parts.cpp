#include "telemetry/write_parts.h"

#include "responses_proxy/storage_error.h"

namespace responses_proxy {

namespace {

using Write = std::function<void(std::span<const RequestRecord>)>;

void write_part(std::span<const RequestRecord> records, std::size_t first, const Write& write,
                std::vector<RefusedRecord>& refused) {
  try {
    return write(records);
  } catch (const RecordRefused& error) {
    if (records.size() == 1) {
      refused.push_back({first, error.what()});
      return;
    }
  }
  const std::size_t half = records.size() / 2;
  write_part(records.first(half), first, write, refused);
  write_part(records.subspan(half), first + half, write, refused);
}

}  // namespace

std::vector<RefusedRecord> write_parts(std::span<const RequestRecord> records, const Write& write) {
  std::vector<RefusedRecord> refused;
  if (!records.empty()) write_part(records, 0, write, refused);
  return refused;
}

}  // namespace responses_proxy
