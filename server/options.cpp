#include "server/options.h"

#include <CLI/CLI.hpp>

#include "responses_proxy/version.h"

namespace responses_proxy {

namespace {

void add_health(CLI::App& app, Options& options) {
  CLI::App* health =
      app.add_subcommand("health", "ask the running server; exit code 0 = it answers");
  health->add_option("--url", options.health.url, "of the server, http://127.0.0.1:8000");
  health->add_flag("--ready", options.health.ready, "whether it can serve requests (/readyz)");
  health->callback([&options] { options.command = Command::health; });
}

void add_codex(CLI::App& app, Options& options) {
  CLI::App* codex = app.add_subcommand("codex", "set Codex up for a proxy that is running");
  codex->require_subcommand(1);
  codex->add_option("--url", options.codex.url, "of the proxy, http://127.0.0.1:8000/v1");
  const auto task = [&](const char* name, const char* what, CodexTask does) {
    CLI::App* command = codex->add_subcommand(name, what);
    command->fallthrough();  // --url may stand behind it
    command->callback([&options, does] {
      options.command = Command::codex;
      options.codex.task = does;
    });
    return command;
  };
  task("config", "print the provider for config.toml", CodexTask::config);
  task("catalog", "print the catalog of the proxy's models (a model_catalog_json)",
       CodexTask::catalog);
  CLI::App* run = task("run", "run the Codex CLI with these settings: run [OPTIONS] -- ARGUMENTS",
                       CodexTask::run);
  run->add_option("--program", options.codex.program, "the Codex CLI (codex)");
  run->add_option("arguments", options.codex.arguments, "of Codex, behind --");
  CLI::App* catalog = app.add_subcommand("codex-catalog", "the same as codex catalog")->group("");
  catalog->add_option("--url", options.codex.url);
  catalog->callback([&options] {
    options.command = Command::codex;
    options.codex.task = CodexTask::catalog;
  });
}

void add_deploy(CLI::App& app, Options& options) {
  CLI::App* deploy = app.add_subcommand(
      "deploy", "deploy this program with the settings of this environment to Morph Cloud");
  deploy->add_flag("--dry-run", options.deploy.dry_run,
                   "check the settings and print the plan; nothing is contacted");
  deploy->add_option("--stage", options.deploy.stage, "prod or stage (prod)")
      ->check(CLI::IsMember({"prod", "stage"}));
  deploy->add_option("--service", options.deploy.service,
                     "its name (agent-responses-proxy): a deployment replaces what has it");
  deploy->callback([&options] { options.command = Command::deploy; });
}

}  // namespace

ParsedOptions parse_options(int argc, const char* const* argv) {
  ParsedOptions parsed;
  Options& options = parsed.options;
  CLI::App app("Load-balancing proxy for the OpenAI Responses API.", "rp-server");
  app.footer(
      "Everything is set by environment variables: docs/configuration.md lists them, and\n"
      "`rp-server check-config` shows what is in effect.");
  app.set_version_flag("--version", std::string(kVersion));
  app.require_subcommand(0, 1);
  const auto listening = [&options](CLI::App* command) {
    command->add_option("--host", options.host, "address to listen on (PROXY_HOST)");
    command->add_option("--port", options.port, "port to listen on, 0 = any (PROXY_PORT)")
        ->check(CLI::Range(0, 65535));
    command->add_flag("--demo-without-keys", options.demo_without_keys,
                      "with no key configured, relay to the bundled demo upstream");
  };
  listening(&app);
  CLI::App* serve = app.add_subcommand("serve", "run the proxy (the default)");
  listening(serve);
  CLI::App* worker = app.add_subcommand(
      "worker", "move records from the Redis stream to the database; any number of them may run");
  worker
      ->add_option("--claim-idle", options.claim_idle_seconds,
                   "seconds after which what another worker has in hand is taken over (30)")
      ->check(CLI::Range(1, 86'400));
  CLI::App* check = app.add_subcommand(
      "check-config", "check the environment and print what is in effect; exit code 2 on an error");
  check->add_flag("--markdown", options.markdown, "print the content of docs/configuration.md");
  CLI::App* migrate = app.add_subcommand("migrate", "bring the database to this version's schema");
  migrate->add_flag("--reencrypt", options.reencrypt,
                    "encrypt the registered keys anew, with the first PROXY_SECRET_ENCRYPTION_KEY");
  CLI::App* demo = app.add_subcommand(
      "demo", "start the bundled demo upstream and the proxy, send one request, show the answer");
  add_health(app, options);
  add_codex(app, options);
  add_deploy(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 prints help, version or what was wrong.
    const int code = app.exit(error);
    parsed.exit_code = code == 0 ? 0 : 2;
    return parsed;
  }
  if (worker->parsed()) options.command = Command::worker;
  if (check->parsed()) options.command = Command::check_config;
  if (migrate->parsed()) options.command = Command::migrate;
  if (demo->parsed()) options.command = Command::demo;
  return parsed;
}

}  // namespace responses_proxy
