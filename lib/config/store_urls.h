// The URLs of databases and of Redis that a configuration may hold: is it one?
//
// Ownership  Pure functions.
// Errors     A problem is the end of a sentence ("has no host"); "" = nothing wrong.
#pragma once

#include <string>
#include <string_view>

namespace responses_proxy::config {

// What parse_postgres_url or parse_sqlite_url takes.
std::string database_url_problem(std::string_view url);
// What parse_redis_url takes, and a host that can be one.
std::string redis_url_problem(std::string_view url);

}  // namespace responses_proxy::config
