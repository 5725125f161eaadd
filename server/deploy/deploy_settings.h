// What `rp-server deploy` is told by the environment, checked as a whole before anything happens.
//
// Role       Morph's own variables, and the configuration that the server there will have.
// Ownership  Plain values.
// Errors     Every one of them, each with the variable and what is wrong with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "responses_proxy/config.h"
#include "responses_proxy/secret.h"

namespace responses_proxy {

struct DeployOptions {
  bool dry_run = false;
  std::string stage = "prod";                     // prod, stage
  std::string service = "agent-responses-proxy";  // under this name the instance is found again
};

// Of the server there.
struct ServerVariable {
  std::string name;
  std::string value;
  std::string shown;  // free of secrets
};

struct DeploySettings {
  std::string stage;
  std::string service;
  std::string api_url;  // ".../api"
  std::string ssh_host;
  Secret api_key;
  std::string api_key_variable;  // the one that it comes from
  std::string builder_snapshot;  // "" = made from the image
  std::string base_image;
  std::vector<ServerVariable> environment;
};

struct ReadDeploySettings {
  DeploySettings settings;  // unusable with errors
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
};

// Where the server listens there.
inline constexpr std::uint16_t kDeployedPort = 8000;

ReadDeploySettings read_deploy_settings(const DeployOptions& options,
                                        const Environment& environment);

}  // namespace responses_proxy
