// Where a record's row is: keys that come from the time, and hashes of what rows are found by.
//
// Role       A key is the microsecond a request began in, and a slot below it that its id says:
//            rows stand in the order of time, and the same record always has the same place
//            (request_rows.h says what happens where another one has it).
// Limits     Slots run over into the next microseconds where more than kSlots requests begin in
//            one. Times beyond kLastMicros (the year 2112) are all taken for that one in keys.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "responses_proxy/request_record.h"

namespace responses_proxy {

inline constexpr std::int64_t kSlots = 1'024;
inline constexpr std::int64_t kLastMicros = std::int64_t{1} << 52;

// Of the rows that began at `time` or later, the smallest.
std::int64_t first_key_at(WallTime time);
std::int64_t first_key_at_micros(std::int64_t micros);
// Where the record belongs.
std::int64_t record_key(const RequestRecord& record);

// 0 is the hash of "" alone. What is found by it has to be compared: two texts may share one.
std::int64_t text_hash(std::string_view text);

// Request ids of this program begin with their time, in milliseconds.
std::optional<WallTime> time_in_id(std::string_view request_id);
// The id alone says where the record is.
bool id_has_time(const RequestRecord& record);

}  // namespace responses_proxy
