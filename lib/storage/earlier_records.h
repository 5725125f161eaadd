// The records that versions up to schema 9 have written, until they are rows of `requests`.
//
// Role       Moved in small steps beside traffic, the newest first: a table of millions would hold
//            up a start for minutes. Lists show them when they are moved; a response's resource is
//            found before.
// Threads    In a transaction that writes; several processes may do it on one database.
#pragma once

#include <cstdint>
#include <string>

#include "storage/sql_connection.h"

namespace responses_proxy {

bool has_earlier_records(SqlConnection& connection);
bool is_earlier_record(SqlConnection& connection, const std::string& request_id);
// At most `rows` of them, fewer where they have large bodies. Adds to the sums of usage what the
// version that wrote them has not.
void move_earlier_records(SqlConnection& connection, std::int64_t rows);

}  // namespace responses_proxy
