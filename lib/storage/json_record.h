// A record as earlier versions wrote it to the spool and to the Redis stream: one JSON object, its
// members the columns of record_fields.h and "attempts".
//
// Errors     std::nullopt for what is no record. Members that are not known are passed over, and
//            missing ones keep their default.
#pragma once

#include <optional>
#include <string_view>

#include "responses_proxy/request_record.h"

namespace responses_proxy {

std::optional<RequestRecord> record_from_json(std::string_view text);

}  // namespace responses_proxy
