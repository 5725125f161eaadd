#include "core/writable.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace responses_proxy {

namespace {

std::string because(const std::filesystem::path& path, int reason) {
  return path.string() + ": " + std::generic_category().message(reason);
}

}  // namespace

std::string write_problem(const std::filesystem::path& file) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) return because(file, EISDIR);
  if (::access(file.c_str(), W_OK) == 0) return {};
  if (errno != ENOENT) return because(file, errno);
  // The nearest folder that is there is where the rest would be made.
  std::filesystem::path folder = file.parent_path();
  while (!folder.empty() && !std::filesystem::exists(folder, ignored)) {
    folder = folder.parent_path();
  }
  if (folder.empty()) folder = std::filesystem::current_path(ignored);
  if (!std::filesystem::is_directory(folder, ignored)) return because(folder, ENOTDIR);
  if (::access(folder.c_str(), W_OK | X_OK) == 0) return {};
  return "cannot be created below " + because(folder, errno);
}

}  // namespace responses_proxy
