// What stands in the way of a start, found out without starting.
#pragma once

#include <string>
#include <vector>

#include "responses_proxy/config.h"
#include "responses_proxy/log.h"

namespace responses_proxy {

struct StartProblem {
  LogLevel level;        // error: an operator has to mend it; warning: it is served all the same
  std::string variable;  // "PROXY_PORT"
  std::string problem;   // free of secrets

  std::string message() const { return variable + ": " + problem; }
};

// Says in the log that the database cannot be used, which otherwise shows with the first record.
// Throws StartError where it will not come back by itself. Blocks until connected.
void tell_of_database(const Config& config, const Log& log);

// Throws StartError when an address cannot be listened on.
void check_addresses(const Config& config);

// Throws StartError when the server's own certificate or what belongs to it cannot be used.
void check_listener_tls(const Config& config);

// Throws StartError when the registry file cannot be used.
void check_registry_file(const Config& config);

// Throws StartError when the catalog that Codex's own models come from cannot be used.
void check_model_catalog(const Config& config);

// All there is: the database and Redis, addresses in use, files that cannot be written. Blocks.
std::vector<StartProblem> find_start_problems(const Config& config);

}  // namespace responses_proxy
