// rp-server deploy: this program, with the settings of this environment, to Morph Cloud.
#pragma once

#include "server/deploy/deploy_settings.h"

namespace responses_proxy {

int run_deploy(const DeployOptions& options);

}  // namespace responses_proxy
