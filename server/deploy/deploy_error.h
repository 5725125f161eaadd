// DeployError: why a deployment cannot go on: a sentence, free of secrets.
#pragma once

#include <stdexcept>

namespace responses_proxy {

class DeployError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace responses_proxy
