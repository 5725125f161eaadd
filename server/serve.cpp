#include "server/serve.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>

#include "config_values/url.h"
#include "responses_proxy/storage_error.h"
#include "responses_proxy/upstream_trust.h"
#include "responses_proxy/version.h"
#include "server/access_log.h"
#include "server/demo.h"
#include "server/descriptors.h"
#include "server/server.h"
#include "server/start_check.h"
#include "server/start_error.h"
#include "telemetry/spool.h"

namespace responses_proxy {

namespace {

// "openai-default: openai-1, openai-2; evals: openai-3"
std::string keys_by_pool(const Config& config) {
  std::map<std::string, std::vector<std::string>> pools;
  for (const Resource& resource : config.resources)
    pools[resource.pool_id].push_back(resource.name);
  std::string text;
  for (const auto& [pool, keys] : pools) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", pool, fmt::join(keys, ", "));
  }
  return text.empty() ? "none" : text;
}

LogEvent started(const Config& config, const Server& server) {
  const std::string keys = keys_by_pool(config);
  const std::string database = config::mask_url(config.database_url.reveal());
  const std::string redis =
      config.redis_url.empty() ? "none" : config::mask_url(config.redis_url.reveal());
  return {LogLevel::info,
          "started",
          fmt::format("rp-server {} serves {} (control plane {}); upstream {}; keys {}; database "
                      "{}; Redis {}",
                      kVersion, server.url(), server.admin_url(), config.upstream_base_url, keys,
                      database, redis),
          {{"version", std::string(kVersion)},
           {"url", server.url()},
           {"admin_url", server.admin_url()},
           {"upstream", config.upstream_base_url},
           {"keys", keys},
           {"database", database},
           {"redis", redis}}};
}

LogEvent reloaded(const std::string& problem) {
  if (problem.empty()) {
    return {LogLevel::info, "reloaded",
            "read again: the log file, certificate authorities, certificates, registered providers "
            "and aliases"};
  }
  return {LogLevel::error,
          "reload_failed",
          fmt::format("{}; what was read before goes on", problem),
          {{"problem", problem}}};
}

std::unique_ptr<AccessLog> make_access_log(const Config& config, const Log& log) {
  if (config.access_log == AccessLogFormat::off) return nullptr;
  try {
    return std::make_unique<AccessLog>(config.access_log, config.access_log_file, log);
  } catch (const std::runtime_error& error) {
    throw StartError("PROXY_ACCESS_LOG_FILE", error.what());
  }
}

std::unique_ptr<Server> make_server(const Config& config, const Log& log, AccessLog* access_log,
                                    InheritedSockets sockets) {
  if (sockets.serving.empty()) check_addresses(config);
  check_listener_tls(config);
  check_registry_file(config);
  check_model_catalog(config);
  tell_of_database(config, log);
  try {
    std::function<void(const RequestRecord&)> on_record;
    if (access_log != nullptr) {
      on_record = [access_log](const RequestRecord& record) { access_log->write(record); };
    }
    return std::make_unique<Server>(config, log, std::move(on_record), std::move(sockets));
  } catch (const UpstreamTrustError& error) {
    // Not looked at before: reading the certificate authorities takes longer than all else.
    throw StartError(error.what());
  } catch (const SpoolInUse& error) {
    throw StartError("PROXY_TELEMETRY_SPOOL_PATH", error.what());
  } catch (const StorageError& error) {
    throw StartError(config.database_variable, error.what());
  }
}

void print_addresses(const Server& server) {
  fmt::print("rp-server listening on {}\n", server.url());
  if (server.admin_url() != server.url()) fmt::print("control plane on {}\n", server.admin_url());
  std::fflush(stdout);
}

}  // namespace

int run_server(Config config, const Options& options, Signals& signals, LogWriter& writer,
               const Launch& launch) {
  const Log log = writer.log();
  raise_descriptor_limit(log);
  std::optional<DemoSetup> demo;
  if (config.resources.empty() && options.demo_without_keys) {
    demo.emplace(config);
    log({LogLevel::warning, "demo",
         "no key is configured: relaying to the bundled demo upstream (set OPENAI_API_KEY)"});
  } else if (config.resources.empty()) {
    log({LogLevel::warning, "no_keys",
         "no key is configured: set OPENAI_API_KEY, or try `rp-server demo`"});
  }
  const std::unique_ptr<AccessLog> access_log = make_access_log(config, log);
  const std::unique_ptr<Server> server = make_server(config, log, access_log.get(), launch.sockets);
  server->start();
  print_addresses(*server);
  log(started(config, *server));
  launch.manager.ready();

  SignalActions actions;
  actions.reopen_log = [&] {
    writer.reopen();
    if (access_log) access_log->reopen();
  };
  actions.reload = [&] {
    launch.manager.reloading();
    actions.reopen_log();
    log(reloaded(server->reload()));
    launch.manager.ready();
  };
  actions.drain = [&] {
    launch.manager.stopping();
    log({LogLevel::info, "draining", "draining; a second signal ends at once"});
    server->stop();
  };
  actions.end = [&] { server->hurry(); };
  obey_signals(signals, actions);
  log({LogLevel::info, "stopped", "stopped"});
  return 0;
}

}  // namespace responses_proxy
