// Deployment: an instance that serves, from a snapshot, by the steps that plan_text() tells.
//
// Role       Finds what is there, starts an instance, installs on it, waits until it serves, takes
//            the old one away. What is there already is not made again; what fails is taken away,
//            and the old instance goes on.
// Threads    One.
// Ownership  What it is given outlives it.
// Errors     DeployError.
// Blocking   Minutes. Each wait has a bound.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "server/deploy/deploy_settings.h"
#include "server/deploy/morph_api.h"
#include "server/deploy/run_program.h"

namespace responses_proxy {

// What is installed.
struct DeployedBundle {
  std::string path;
  std::string sha256;
};

struct DeploymentTools {
  HttpSend send;
  Pause pause;
  RunProgram run;                               // ssh
  std::function<void(const std::string&)> say;  // one line per step
  std::string folder;                           // private, for the SSH key
};

class Deployment {
 public:
  // Of an instance that is starting, and of one that is installed; a step each.
  static constexpr int kReadyPolls = 300;
  static constexpr int kPublicPolls = 60;
  static constexpr Millis kPoll{1'000};
  // An instance that nobody finishes ends by itself.
  static constexpr std::chrono::seconds kSafetyNet{3'600};

  Deployment(const DeploySettings& settings, DeployedBundle bundle, DeploymentTools tools);

  // The URL under which it serves.
  std::string run();

 private:
  std::vector<MorphInstance> own_instances();
  std::optional<std::string> already_deployed(const std::vector<MorphInstance>& there);
  void remove_leftovers(std::vector<MorphInstance>& there);
  std::string snapshot();
  MorphInstance start(const std::string& snapshot_id);
  std::string install(const std::string& id);
  void copy(const std::string& id, const std::string& key_path);
  void on_instance(const std::string& id, const std::string& what, const std::string& script);
  void over_ssh(const std::string& id, const std::string& key_path, const std::string& script,
                ProgramCall call);
  std::string expose(const std::string& id);
  void wait_for_public(const std::string& url);
  void retire(const std::vector<MorphInstance>& old);
  bool serves(const std::string& url);
  Metadata metadata(const std::string& state) const;

  const DeploySettings& settings_;
  const DeployedBundle bundle_;
  const DeploymentTools tools_;
  const std::string deploy_id_;  // the same for the same program and settings
  MorphApi api_;
};

// What run() does, with secrets masked.
std::string plan_text(const DeploySettings& settings);
// What it does not do.
std::string outside_text(const DeploySettings& settings);

}  // namespace responses_proxy
