#include "server/deploy/bundle.h"

#include <fmt/format.h>
#include <link.h>

#include <filesystem>

#include "server/deploy/deploy_error.h"
#include "server/deploy/run_program.h"

namespace responses_proxy {

namespace {

int add_file(dl_phdr_info* object, std::size_t, void* files) {
  const std::string path = object->dlpi_name;
  // The program itself has no name here, the kernel's part no file.
  if (path.starts_with('/')) static_cast<std::vector<std::string>*>(files)->push_back(path);
  return 0;
}

}  // namespace

std::vector<std::string> loaded_files() {
  std::error_code error;
  std::vector<std::string> files{std::filesystem::read_symlink("/proc/self/exe", error).string()};
  if (error) throw DeployError("this program does not find its own file: " + error.message());
  dl_iterate_phdr(add_file, &files);
  return files;
}

void write_bundle(const std::vector<std::string>& files, const std::string& path) {
  std::vector<std::string> words{
      "tar",           "--create",         "--use-compress-program=gzip --fast",
      "--dereference", "--absolute-names", "--transform=s,.*/,,",
      "--file=" + path};
  words.insert(words.end(), files.begin(), files.end());
  const ProgramResult result = run_program({.words = words});
  if (result.exit_code != 0) throw DeployError("tar: " + result.output);
}

}  // namespace responses_proxy
