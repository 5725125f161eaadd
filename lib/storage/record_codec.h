// A RequestRecord as text that can be read back: one JSON object, its members the columns of
// record_fields.h and "attempts".
//
// Errors     decode_record: std::nullopt for what encode_record did not write. Members it does not
//            know are passed over and missing ones keep their default, so that programs of
//            different versions read each other's records.
// Limits     Texts and times as the database keeps them (record_queries.h): what is decoded is
// stored as the original
//            would have been.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "responses_proxy/request_record.h"

namespace responses_proxy {

std::string encode_record(const RequestRecord& record);
std::optional<RequestRecord> decode_record(std::string_view text);

}  // namespace responses_proxy
