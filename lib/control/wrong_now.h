// What is wrong now, in words: for people who look at a screen and ask what to do.
#pragma once

#include <string>
#include <vector>

#include "responses_proxy/control_plane.h"

namespace responses_proxy::control {

struct Trouble {
  bool bad = false;              // else a warning
  std::string text;              // free of secrets
  std::string resource_id = {};  // "" = of no single one
};

// The bad ones first. A few words per resource; costs no I/O but what the context's functions do.
std::vector<Trouble> wrong_now(const ControlPlaneContext& context);

}  // namespace responses_proxy::control
