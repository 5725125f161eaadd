// The usage of sessions that schema 10 has summed up, until it is in usage_session_days of now.
//
// Role       Moved in small steps beside traffic, the newest first, as earlier_records.h.
//            Until then usage of single sessions is without it; all other usage has it.
// Threads    In a transaction that writes; several processes may do it on one database.
#pragma once

#include <cstdint>

#include "storage/sql_connection.h"

namespace responses_proxy {

bool has_earlier_sums(SqlConnection& connection);
// Some `rows` of them: all of a day and session together.
void move_earlier_sums(SqlConnection& connection, std::int64_t rows);

}  // namespace responses_proxy
