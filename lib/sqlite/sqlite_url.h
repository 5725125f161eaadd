// SqliteUrl: the file that a database URL names.
//
// Ownership  Pure functions.
// Errors     A problem is the end of a sentence ("names no file"); "" = nothing wrong.
#pragma once

#include <string>
#include <string_view>

namespace responses_proxy {

// sqlite:///relative/path, sqlite:////absolute/path, and the same with a driver (sqlite+driver:).
// It takes no parameters: how the file is used is this program's to know.
std::string parse_sqlite_url(std::string_view url, std::string& path);

}  // namespace responses_proxy
