// rp-server: the command line and the environment, and what each command does with them.
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <memory>

#include "config/config_text.h"
#include "databases/open_database.h"
#include "log/log_writer.h"
#include "registry/registry_editor.h"
#include "responses_proxy/config.h"
#include "server/codex.h"
#include "server/demo.h"
#include "server/deploy/deploy.h"
#include "server/health.h"
#include "server/options.h"
#include "server/serve.h"
#include "server/signals.h"
#include "server/start_check.h"
#include "server/start_error.h"
#include "server/worker.h"

namespace responses_proxy {
namespace {

constexpr int kBadConfig = 2;
constexpr int kFailed = 1;

std::vector<std::string> warnings_of(const LoadedConfig& loaded) {
  std::vector<std::string> warnings = loaded.warnings;
  for (std::string& warning : config::unknown_variable_warnings(environ)) {
    warnings.push_back(std::move(warning));
  }
  return warnings;
}

void print_warnings(const LoadedConfig& loaded) {
  for (const std::string& warning : warnings_of(loaded)) {
    fmt::print(stderr, "warning: {}\n", warning);
  }
}

std::unique_ptr<LogWriter> make_log(const Config& config, const Clock& clock) {
  try {
    return std::make_unique<LogWriter>(
        LogOptions{config.log_level, config.log_format, config.log_file}, clock);
  } catch (const std::runtime_error& error) {
    throw StartError("PROXY_LOG_FILE", error.what());
  }
}

// serve and worker: what runs until a signal ends it.
int run_service(const LoadedConfig& loaded, const Options& options) {
  const Launch launch{take_inherited_sockets(), ServiceManager()};
  Signals signals;
  const SystemClock clock;
  const auto log = make_log(loaded.config, clock);
  for (const std::string& warning : warnings_of(loaded)) {
    log->write({LogLevel::warning, "configuration", warning});
  }
  if (options.command == Command::worker) {
    return run_worker(loaded.config, options, signals, *log, launch.manager);
  }
  return run_server(loaded.config, options, signals, *log, launch);
}

int check_config(const LoadedConfig& loaded) {
  fmt::print("{}", config::describe_config(loaded.config));
  std::fflush(stdout);
  bool starts = true;
  for (const StartProblem& problem : find_start_problems(loaded.config)) {
    const bool fatal = problem.level == LogLevel::error;
    fmt::print(stderr, "{}: {}\n", fatal ? "error" : "warning", problem.message());
    starts = starts && !fatal;
  }
  return starts ? 0 : kBadConfig;
}

// Each registered key that another one of the encryption keys has encrypted.
int reencrypt(const Config& config) {
  if (config.secret_encryption_keys.empty()) {
    throw StartError("PROXY_SECRET_ENCRYPTION_KEY", "is not set: there is no key to encrypt with");
  }
  const SystemClock clock;
  const auto database = open_database(config.database_url.reveal(), clock);
  RegistryStore store(*database);
  RegistryOptions options;
  options.keys = config.secret_encryption_keys;
  Registry registry(store, clock, std::move(options), [](auto, auto) {});
  std::vector<std::string> problems;
  const std::size_t count = RegistryEditor(registry).reencrypt("rp-server migrate", problems);
  fmt::print("{} providers encrypted anew\n", count);
  for (const std::string& problem : problems) fmt::print(stderr, "error: {}\n", problem);
  return problems.empty() ? 0 : kFailed;
}

int migrate(const Config& config, const Options& options) {
  migrate_database(config.database_url.reveal(), SystemClock());
  fmt::print("the database has this version's schema\n");
  return options.reencrypt ? reencrypt(config) : 0;
}

// --host and --port are checked like the variables they stand for.
Environment environment_with(const Options& options) {
  return [base = process_environment(), options](const std::string& name) {
    if (name == "PROXY_HOST" && options.host) return options.host;
    if (name == "PROXY_PORT" && options.port) {
      return std::optional<std::string>(std::to_string(*options.port));
    }
    return base(name);
  };
}

int run(const Options& options) {
  if (options.markdown) {
    fmt::print("{}", config::configuration_markdown());
    return 0;
  }
  if (options.command == Command::deploy) return run_deploy(options.deploy);
  LoadedConfig loaded = load_config(environment_with(options));
  for (const ConfigError& error : loaded.errors) fmt::print(stderr, "error: {}\n", error.message);
  if (!loaded.errors.empty()) {
    print_warnings(loaded);
    return kBadConfig;
  }
  if (options.command == Command::serve || options.command == Command::worker) {
    return run_service(loaded, options);
  }
  if (options.command == Command::health) return run_health(loaded.config, options.health);
  print_warnings(loaded);
  switch (options.command) {
    case Command::check_config:
      return check_config(loaded);
    case Command::migrate:
      return migrate(loaded.config, options);
    case Command::demo:
      return run_demo(std::move(loaded.config));
    case Command::codex:
      return run_codex(loaded.config, options.codex);
    case Command::serve:
    case Command::worker:
    case Command::health:
    case Command::deploy:
      break;
  }
  return kFailed;
}

}  // namespace
}  // namespace responses_proxy

int main(int argc, char** argv) {
  // SQLite's own statistics cost two locks per allocation, and nobody reads them.
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  const responses_proxy::ParsedOptions parsed = responses_proxy::parse_options(argc, argv);
  if (parsed.exit_code) return *parsed.exit_code;
  try {
    return responses_proxy::run(parsed.options);
  } catch (const responses_proxy::StartError& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return responses_proxy::kBadConfig;
  } catch (const std::exception& error) {
    fmt::print(stderr, "rp-server: {}\n", error.what());
    return responses_proxy::kFailed;
  }
}
