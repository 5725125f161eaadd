// Folders of data that is nobody else's.
#pragma once

#include <filesystem>
#include <system_error>

namespace responses_proxy {

// Makes the folder, and what is missing above it, for this user only (0700). One that is there
// stays as it is: who made it may want to share it.
std::error_code make_private_folder(const std::filesystem::path& folder);

}  // namespace responses_proxy
