// The command line of rp-server. Settings come from the environment; see docs/configuration.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "server/codex.h"
#include "server/deploy/deploy_settings.h"
#include "server/health.h"

namespace responses_proxy {

enum class Command : std::uint8_t {
  serve,
  worker,
  check_config,
  migrate,
  demo,
  health,
  codex,
  deploy,
};

struct Options {
  Command command = Command::serve;
  std::optional<std::string> host;                  // --host, instead of PROXY_HOST
  std::optional<std::uint16_t> port;                // --port, instead of PROXY_PORT
  bool demo_without_keys = false;                   // --demo-without-keys
  bool markdown = false;                            // check-config --markdown
  bool reencrypt = false;                           // migrate --reencrypt
  std::optional<std::uint32_t> claim_idle_seconds;  // worker --claim-idle
  HealthOptions health;
  CodexOptions codex;
  DeployOptions deploy;
};

// The options, or the exit code of a process that is done already (help, version, a bad option).
struct ParsedOptions {
  Options options;
  std::optional<int> exit_code;
};
ParsedOptions parse_options(int argc, const char* const* argv);

}  // namespace responses_proxy
