// A RequestRecord in few bytes that can be read back: in the spool, in the Redis stream, and, but
// for what has columns of its own, in a row of `requests`.
//
// Role       A version, then sections that each say how long they are: the record's fields in a
//            fixed order, then one section an attempt. A new field goes to the end of its section:
//            an older program passes over it, a newer one has the default where it is missing.
// Errors     decode_record: std::nullopt for what encode_record did not write. It also reads what
//            earlier versions wrote: a JSON object (record_fields.h has its members).
// Limits     Texts and times as the database keeps them (record_queries.h): what is decoded is
//            stored as the original would have been.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "responses_proxy/request_record.h"

namespace responses_proxy {

// All of it, the bodies too.
std::string encode_record(const RequestRecord& record);
std::optional<RequestRecord> decode_record(std::string_view bytes);

// What a row has no columns for (request_rows.h). Appends to `bytes`.
void encode_details(const RequestRecord& record, std::string& bytes);
// Into a record that has the fields of the columns; false if it is damaged.
bool decode_details(std::string_view bytes, RequestRecord& record);

}  // namespace responses_proxy
