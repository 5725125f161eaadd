#include "server/deploy/deploy.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "core/file_stamp.h"
#include "core/sha256.h"
#include "server/deploy/bundle.h"
#include "server/deploy/deploy_error.h"
#include "server/deploy/deployment.h"

namespace responses_proxy {

namespace {

constexpr int kBadSettings = 2;
constexpr int kNotDeployed = 1;
constexpr std::size_t kMaxBundle = 256 * 1024 * 1024;

// For the archive and the SSH key; gone with the deployment.
class PrivateFolder {
 public:
  PrivateFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "rp-deploy-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw DeployError("cannot make the folder " + name);
    path_ = name;
  }
  ~PrivateFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

DeployedBundle make_bundle(const std::string& folder) {
  const std::string path = folder + "/bundle.tar.gz";
  write_bundle(loaded_files(), path);
  std::string problem;
  const auto bytes = read_file(path, kMaxBundle, problem);
  if (!bytes) throw DeployError(path + ": " + problem);
  return {path, sha256_hex(*bytes)};
}

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

int deploy(const DeploySettings& settings) {
  const PrivateFolder folder;
  DeploymentTools tools;
  tools.send = http_call;
  tools.pause = [](Millis time) { std::this_thread::sleep_for(time); };
  tools.run = run_program;
  tools.say = say;
  tools.folder = folder.path();
  Deployment deployment(settings, make_bundle(folder.path()), std::move(tools));
  const std::string url = deployment.run();
  fmt::print("serving at {}\n{}", url, outside_text(settings));
  return 0;
}

}  // namespace

int run_deploy(const DeployOptions& options) {
  const ReadDeploySettings read = read_deploy_settings(options, process_environment());
  for (const std::string& warning : read.warnings) fmt::print(stderr, "warning: {}\n", warning);
  for (const std::string& error : read.errors) fmt::print(stderr, "error: {}\n", error);
  if (!read.errors.empty()) return kBadSettings;
  fmt::print("{}", plan_text(read.settings));
  if (options.dry_run) {
    fmt::print("{}", outside_text(read.settings));
    return 0;
  }
  std::fflush(stdout);
  try {
    return deploy(read.settings);
  } catch (const DeployError& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return kNotDeployed;
  }
}

}  // namespace responses_proxy
