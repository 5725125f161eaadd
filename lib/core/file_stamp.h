// Whether a file has changed since it was read.
#pragma once

#include <optional>
#include <string>

namespace responses_proxy {

// Another text as soon as the file is another one, or was written; "" if there is none.
std::string file_stamp(const std::string& path);

// All of a file of at most `most` bytes; nothing if it cannot be read or is longer, with the reason
// in `problem`.
std::optional<std::string> read_file(const std::string& path, std::size_t most,
                                     std::string& problem);

// Writes it beside the file and puts it in its place, readable by its owner only; the problem, "" =
// none.
std::string replace_private_file(const std::string& path, const std::string& text);

}  // namespace responses_proxy
