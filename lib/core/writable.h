// Whether a file could be written, found out without making it.
#pragma once

#include <filesystem>
#include <string>

namespace responses_proxy {

// "" if the file is there and may be written, or could be made together with its folders; else why
// not, with the path that stands in the way.
std::string write_problem(const std::filesystem::path& file);

}  // namespace responses_proxy
