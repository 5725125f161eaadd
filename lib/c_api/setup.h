// Setup: what rp_create() is given, read.
//
// Ownership  Plain values.
// Errors     Everything that is wrong, each with its field, in one sentence; no text quotes a
// secret.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/load_balancer.h"
#include "responses_proxy/model_alias.h"
#include "responses_proxy/resource.h"
#include "responses_proxy/verdict.h"

namespace responses_proxy::c_api {

// What was handed in is wrong: RP_INVALID.
class Invalid final : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Setup {
  std::vector<Resource> resources;
  std::vector<ModelAlias> aliases;
  LoadBalancerOptions balancing;
  VerdictOptions verdicts;
};

// Throws Invalid.
Setup read_setup(std::string_view json);

}  // namespace responses_proxy::c_api
