// What runs on the instance: shell scripts, free of secrets.
#pragma once

#include <string>

#include "server/deploy/deploy_settings.h"

namespace responses_proxy {

inline constexpr const char* kBundleThere = "/opt/rp-server/bundle.tar.gz";
inline constexpr const char* kEnvironmentThere = "/opt/rp-server/environment";

// Where the files go, and what the server needs besides them.
std::string prepare_script();
// Unpacks the bundle that is there, if it is the one with this SHA-256.
std::string unpack_script(const std::string& sha256);
// As a unit of systemd, which starts it again after a crash or a restart of the machine.
std::string start_script();
// Drains it.
std::string stop_script();
// Succeeds as soon as the server can serve; for a minute.
std::string ready_script();

// The file behind kEnvironmentThere: NAME="value" per line, for systemd and shells alike.
std::string environment_file(const DeploySettings& settings);

}  // namespace responses_proxy
