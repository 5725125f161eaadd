// Whether a database can be used, found out without changing it.
#pragma once

#include <string>

#include "responses_proxy/clock.h"

namespace responses_proxy {

// "" or what is wrong, free of secrets. A SQLite file that is not there yet is fine if it could be
// made. Blocks: connects to PostgreSQL.
std::string database_problem(const std::string& url, const Clock& clock);

}  // namespace responses_proxy
