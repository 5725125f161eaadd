// StartError: why rp-server cannot start, and which variable says otherwise. Exit code 2.
#pragma once

#include <stdexcept>
#include <string>

namespace responses_proxy {

class StartError : public std::runtime_error {
 public:
  StartError(const std::string& variable, const std::string& problem)
      : std::runtime_error(variable + ": " + problem) {}
  // `line`: "VARIABLE: problem".
  explicit StartError(const std::string& line) : std::runtime_error(line) {}
};

}  // namespace responses_proxy
