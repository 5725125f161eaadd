#include "server/deploy/deployment.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/file_stamp.h"
#include "core/sha256.h"
#include "responses_proxy/version.h"
#include "server/deploy/deploy_error.h"
#include "server/deploy/install_scripts.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kIdDigits = 12;
constexpr std::size_t kMaxOutputTold = 2'000;
constexpr const char* kServiceName = "rp";  // of the port that is exposed
constexpr const char* kServing = "serving";
constexpr const char* kStarting = "starting";

std::string deploy_id_of(const DeploySettings& settings, const DeployedBundle& bundle) {
  return sha256_hex(fmt::format("{}\n{}\n{}\n{}\n{}", settings.service, settings.builder_snapshot,
                                settings.base_image, bundle.sha256, environment_file(settings)))
      .substr(0, kIdDigits);
}

std::string mark_of(const MorphInstance& instance, const std::string& name) {
  const auto found = instance.metadata.find(name);
  return found == instance.metadata.end() ? std::string() : found->second;
}

std::string end_of(const std::string& text) {
  return text.size() <= kMaxOutputTold ? text : "..." + text.substr(text.size() - kMaxOutputTold);
}

}  // namespace

Deployment::Deployment(const DeploySettings& settings, DeployedBundle bundle, DeploymentTools tools)
    : settings_(settings),
      bundle_(std::move(bundle)),
      tools_(std::move(tools)),
      deploy_id_(deploy_id_of(settings, bundle_)),
      api_(settings.api_url, settings.api_key, tools_.send, tools_.pause) {}

std::string Deployment::run() {
  std::vector<MorphInstance> there = own_instances();
  if (auto url = already_deployed(there)) {
    tools_.say("this program with these settings serves already");
    return *url;
  }
  remove_leftovers(there);
  const MorphInstance fresh = start(snapshot());
  std::string url;
  try {
    url = install(fresh.id);
  } catch (const DeployError&) {
    tools_.say(fmt::format("deleting the new instance {}", fresh.id));
    api_.delete_instance(fresh.id);
    throw;
  }
  retire(there);
  return url;
}

// Whatever else has that name in its metadata is not ours to delete.
std::vector<MorphInstance> Deployment::own_instances() {
  std::vector<MorphInstance> found = api_.instances("service", settings_.service);
  std::erase_if(found, [](const MorphInstance& one) { return mark_of(one, "deploy-id").empty(); });
  return found;
}

Metadata Deployment::metadata(const std::string& state) const {
  return {{"service", settings_.service},
          {"version", std::string(kVersion)},
          {"deploy-id", deploy_id_},
          {"state", state}};
}

// One with the same id that has been finished, and still serves.
std::optional<std::string> Deployment::already_deployed(const std::vector<MorphInstance>& there) {
  for (const MorphInstance& instance : there) {
    const bool same =
        mark_of(instance, "deploy-id") == deploy_id_ && mark_of(instance, "state") == kServing;
    const auto service = instance.http_services.find(kServiceName);
    if (!same || service == instance.http_services.end()) continue;
    if (serves(service->second)) return service->second;
  }
  return std::nullopt;
}

// Of deployments that were cut off. What is served now stays until the new one serves.
void Deployment::remove_leftovers(std::vector<MorphInstance>& there) {
  std::vector<MorphInstance> kept;
  for (MorphInstance& instance : there) {
    if (mark_of(instance, "state") == kServing) {
      kept.push_back(std::move(instance));
      continue;
    }
    tools_.say(
        fmt::format("deleting {}, which an earlier deployment has not finished", instance.id));
    api_.delete_instance(instance.id);
  }
  there = std::move(kept);
}

std::string Deployment::snapshot() {
  if (!settings_.builder_snapshot.empty()) return settings_.builder_snapshot;
  tools_.say(fmt::format("making a snapshot of the image {}", settings_.base_image));
  MorphSnapshot made =
      api_.snapshot_of_image(settings_.base_image, "rp-server-base-" + settings_.base_image);
  for (int left = kReadyPolls; made.status != "ready"; --left) {
    if (made.status != "pending" || left == 0) {
      throw DeployError(fmt::format("the snapshot {} of the image {} is not ready: it is {}",
                                    made.id, settings_.base_image, made.status));
    }
    tools_.pause(kPoll);
    made = api_.snapshot(made.id);
  }
  return made.id;
}

MorphInstance Deployment::start(const std::string& snapshot_id) {
  tools_.say(fmt::format("starting an instance of {}", snapshot_id));
  try {
    return api_.start_instance(snapshot_id, metadata(kStarting), kSafetyNet);
  } catch (const DeployError&) {
    // The answer may be lost, and the instance there.
    for (MorphInstance& one : own_instances()) {
      if (mark_of(one, "deploy-id") == deploy_id_ && mark_of(one, "state") == kStarting) return one;
    }
    throw;
  }
}

std::string Deployment::install(const std::string& id) {
  for (int left = kReadyPolls;; --left) {
    const std::string status = api_.instance(id).status;
    if (status == "ready") break;
    if (status != "pending" || left == 0) {
      throw DeployError(fmt::format("the instance {} is not ready: it is {}", id, status));
    }
    tools_.pause(kPoll);
  }
  on_instance(id, "preparing", prepare_script());
  const std::string key_path = tools_.folder + "/key";
  const std::string problem = replace_private_file(key_path, api_.ssh_private_key(id));
  if (!problem.empty()) throw DeployError(key_path + ": " + problem);
  copy(id, key_path);
  on_instance(id, "unpacking", unpack_script(bundle_.sha256));
  on_instance(id, "starting the server", start_script());
  on_instance(id, "waiting until it can serve", ready_script());
  std::string url = expose(id);
  wait_for_public(url);
  api_.set_metadata(id, metadata(kServing));
  api_.keep_for_ever(id);
  api_.wake_on_http(id);
  return url;
}

void Deployment::copy(const std::string& id, const std::string& key_path) {
  tools_.say("copying the program");
  over_ssh(id, key_path, fmt::format("umask 077; cat >{}", kBundleThere),
           {.words = {}, .input_file = bundle_.path});
  tools_.say("copying the settings");
  over_ssh(id, key_path, fmt::format("umask 077; cat >{}", kEnvironmentThere),
           {.words = {}, .input = environment_file(settings_)});
}

// Secrets go through its standard input: in a command they would stand in lists of processes.
void Deployment::over_ssh(const std::string& id, const std::string& key_path,
                          const std::string& script, ProgramCall call) {
  call.words = {"ssh",
                "-i",
                key_path,
                "-o",
                "IdentitiesOnly=yes",
                "-o",
                "BatchMode=yes",
                "-o",
                "StrictHostKeyChecking=accept-new",
                "-o",
                "ConnectTimeout=30",
                fmt::format("{}@{}", id, settings_.ssh_host),
                script};
  const ProgramResult result = tools_.run(call);
  if (result.exit_code != 0) {
    throw DeployError(fmt::format("ssh to {} at {} ended with {}: {}", id, settings_.ssh_host,
                                  result.exit_code, end_of(result.output)));
  }
}

void Deployment::on_instance(const std::string& id, const std::string& what,
                             const std::string& script) {
  tools_.say(what);
  const ExecResult result = api_.exec(id, script);
  if (result.exit_code == 0) return;
  throw DeployError(fmt::format("{} on {} ended with {}: {}", what, id, result.exit_code,
                                end_of(result.out + result.err)));
}

std::string Deployment::expose(const std::string& id) {
  tools_.say("exposing the HTTP service");
  api_.expose(id, kServiceName, kDeployedPort);
  const MorphInstance instance = api_.instance(id);
  const auto service = instance.http_services.find(kServiceName);
  if (service == instance.http_services.end() || service->second.empty()) {
    throw DeployError("the API gives no URL for the exposed service of " + id);
  }
  return service->second;
}

bool Deployment::serves(const std::string& url) {
  return tools_.send({.url = url + "/readyz"}).status == 200;
}

void Deployment::wait_for_public(const std::string& url) {
  tools_.say(fmt::format("waiting for {}/readyz", url));
  for (int left = kPublicPolls; !serves(url); --left) {
    if (left == 0) throw DeployError(fmt::format("{}/readyz does not answer with 200", url));
    tools_.pause(kPoll);
  }
}

// The new one serves: what is left of the old one is no reason to fail.
void Deployment::retire(const std::vector<MorphInstance>& old) {
  for (const MorphInstance& instance : old) {
    tools_.say(fmt::format("draining and deleting {}", instance.id));
    try {
      if (instance.status == "ready") api_.exec(instance.id, stop_script());
      api_.delete_instance(instance.id);
    } catch (const DeployError& error) {
      tools_.say(fmt::format("warning: {} is still there: {}", instance.id, error.what()));
    }
  }
}

std::string plan_text(const DeploySettings& settings) {
  std::string plan = fmt::format(
      "Plan for the service {} ({})\n"
      "  API          {}, key {} of {}\n"
      "  SSH          {}\n"
      "  start from   {}\n"
      "Settings of the server there\n",
      settings.service, settings.stage, settings.api_url, settings.api_key.masked(),
      settings.api_key_variable, settings.ssh_host,
      settings.builder_snapshot.empty()
          ? fmt::format("a snapshot of the image {}", settings.base_image)
          : fmt::format("the snapshot {}", settings.builder_snapshot));
  for (const ServerVariable& variable : settings.environment) {
    plan += fmt::format("  {}={}\n", variable.name, variable.shown);
  }
  return plan +
         fmt::format(
             "Steps\n"
             "  1. find the instances whose metadata say service={}; with this program and "
             "these settings already serving, nothing else is done\n"
             "  2. start an instance, which ends by itself after {} s if the deployment is "
             "cut off\n"
             "  3. copy this program with its libraries, and the settings, over SSH\n"
             "  4. start it as a service on port {}, wait until it is ready\n"
             "  5. expose the HTTP service, wait for /readyz at its public URL\n"
             "  6. keep the instance, let requests wake it\n"
             "  7. drain and delete the instances of before\n"
             "A failure in 2 to 6 deletes the new instance and leaves the old one as it is.\n",
             settings.service, Deployment::kSafetyNet.count(), kDeployedPort);
}

std::string outside_text(const DeploySettings& settings) {
  const char* domain = settings.stage == "stage" ? "svc.stage.morph.so" : "svc.cloud.morph.so";
  return fmt::format(
      "Done outside: the route from https://{}.{} to the instance. Morph's public API has no call "
      "for it; whoever administers the service name sets it. Until then clients use the URL of the "
      "instance.\n",
      settings.service, domain);
}

}  // namespace responses_proxy
