// rp-server: reads the environment, builds everything, and waits for a signal.
#include <fmt/format.h>
#include <signal.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <thread>

#include "config/config_text.h"
#include "responses_proxy/config.h"
#include "responses_proxy/telemetry_worker.h"
#include "server/demo.h"
#include "server/options.h"
#include "server/server.h"
#include "server/worker.h"
#include "storage/record_store.h"

namespace responses_proxy {
namespace {

constexpr int kBadConfig = 2;
constexpr int kFailed = 1;

std::shared_ptr<spdlog::logger> make_log(const std::string& level) {
  auto log = spdlog::stderr_color_mt("rp-server");
  log->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  log->set_level(spdlog::level::from_str(level));
  return log;
}

// Blocks the signals in every thread that is started from now on; they are waited for instead.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

int wait_for_signal(const sigset_t& signals) {
  int number = 0;
  sigwait(&signals, &number);
  return number;
}

int serve(Config config, const Options& options) {
  const sigset_t signals = block_signals();
  const auto log = make_log(config.log_level);
  std::optional<DemoSetup> demo;
  if (config.resources.empty() && options.demo_without_keys) {
    demo.emplace(config);
    log->warn("no key is configured: relaying to the bundled demo upstream (set OPENAI_API_KEY)");
  } else if (config.resources.empty()) {
    log->warn("no key is configured: set OPENAI_API_KEY, or try `rp-server demo`");
  }
  Server server(config, [log](const std::string& line) { log->warn(line); });
  server.start();
  fmt::print("rp-server listening on {}\n", server.url());
  if (server.admin_url() != server.url()) fmt::print("control plane on {}\n", server.admin_url());
  std::fflush(stdout);

  wait_for_signal(signals);
  log->info("draining; a second signal ends at once");
  std::thread impatient([&] {
    // Ended by the signal this process sends itself once it has drained.
    wait_for_signal(signals);
    server.hurry();
  });
  server.stop();
  kill(getpid(), SIGTERM);
  impatient.join();
  log->info("stopped");
  return 0;
}

int work(const Config& config, const Options& options) {
  const sigset_t signals = block_signals();
  const Millis claim_idle = options.claim_idle_seconds
                                ? std::chrono::seconds(*options.claim_idle_seconds)
                                : TelemetryWorker::kClaimIdle;
  return run_worker(config, claim_idle, make_log(config.log_level),
                    [&signals] { wait_for_signal(signals); });
}

int check_config(const LoadedConfig& loaded) {
  fmt::print("{}", config::describe_config(loaded.config));
  return 0;
}

int migrate(const Config& config) {
  migrate_database(config.database_url.reveal());
  fmt::print("the database has this version's schema\n");
  return 0;
}

void print_problems(const LoadedConfig& loaded) {
  for (const ConfigError& error : loaded.errors) fmt::print(stderr, "error: {}\n", error.message);
  for (const std::string& warning : loaded.warnings) fmt::print(stderr, "warning: {}\n", warning);
  for (const std::string& warning : config::unknown_variable_warnings(environ)) {
    fmt::print(stderr, "warning: {}\n", warning);
  }
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
  LoadedConfig loaded = load_config(environment_with(options));
  print_problems(loaded);
  if (!loaded.errors.empty()) return kBadConfig;
  switch (options.command) {
    case Command::serve:
      return serve(std::move(loaded.config), options);
    case Command::worker:
      return work(loaded.config, options);
    case Command::check_config:
      return check_config(loaded);
    case Command::migrate:
      return migrate(loaded.config);
    case Command::demo:
      return run_demo(std::move(loaded.config));
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
  } catch (const std::exception& error) {
    fmt::print(stderr, "rp-server: {}\n", error.what());
    return responses_proxy::kFailed;
  }
}
