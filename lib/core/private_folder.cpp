#include "core/private_folder.h"

#include <sys/stat.h>

#include <cerrno>

namespace responses_proxy {

std::error_code make_private_folder(const std::filesystem::path& folder) {
  std::error_code problem;
  if (folder.empty() || std::filesystem::is_directory(folder, problem)) return {};
  // "a/" is "a".
  const auto parent =
      folder.has_filename() ? folder.parent_path() : folder.parent_path().parent_path();
  if (parent != folder && (problem = make_private_folder(parent))) return problem;
  if (::mkdir(folder.c_str(), 0700) == 0) return {};
  const int error = errno;
  if (error == EEXIST && std::filesystem::is_directory(folder, problem)) return {};
  return {error, std::generic_category()};
}

}  // namespace responses_proxy
