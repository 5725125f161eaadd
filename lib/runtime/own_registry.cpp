#include "runtime/own_registry.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "codex/codex_catalog.h"
#include "postgres/postgres_url.h"

namespace responses_proxy {

namespace {

RegistryOptions options_of(const Config& config, const Log& log,
                           std::vector<std::string> wire_apis) {
  RegistryOptions options;
  options.keys = config.secret_encryption_keys;
  options.allow_private_upstreams = config.allow_private_upstreams;
  options.websocket = config.upstream_websocket;
  options.file = config.registry_file;
  options.cache_path = config.routing_cache_path;
  options.variable = process_environment();
  options.resources = config.resources;
  options.aliases = config.aliases;
  options.log = log;
  options.wire_apis = std::move(wire_apis);
  return options;
}

std::shared_ptr<const CodexCatalog> codex_catalog(const Config& config) {
  std::string problem;
  CatalogBase base = read_catalog(config.model_catalog_json, problem);
  if (!problem.empty()) {
    throw std::runtime_error(
        fmt::format("MODEL_CATALOG_JSON {}: {}", config.model_catalog_json, problem));
  }
  return std::make_shared<const CodexCatalog>(std::move(base));
}

}  // namespace

OwnRegistry::OwnRegistry(const Config& config, Database& database, const Clock& clock,
                         const Log& log, std::vector<std::string> wire_apis, TableRouter& router)
    : registered_(database),
      registry_(registered_, clock, options_of(config, log, std::move(wire_apis)),
                [&router, catalog = codex_catalog(config)](std::vector<Resource> resources,
                                                           std::vector<ModelAlias> aliases) {
                  auto told = catalog->of(resources, aliases);
                  router.update(std::move(resources), std::move(aliases), std::move(told));
                }) {
  registry_.on_change([this](std::int64_t) {
    if (redis_news_) redis_news_->ring();
  });
  registry_.load();
  // For what other replicas have registered, and files that have changed.
  refresh_ = std::make_unique<PeriodicThread>(config.routing_refresh_interval,
                                              [this, every = config.routing_refresh_interval] {
                                                registry_.refresh();
                                                return every;
                                              });
  hear_of_changes(config);
}

// Of other replicas, so that the interval is only for what is not heard.
void OwnRegistry::hear_of_changes(const Config& config) {
  const auto heard = [this] { refresh_->hurry(); };
  const std::string& url = config.database_url.reveal();
  if (is_postgres_url(url)) {
    database_news_ = std::make_unique<PostgresListener>(url, RegistryStore::kChannel, heard);
  }
  RedisOptions redis;
  if (config.redis_url.empty() || !parse_redis_url(config.redis_url.reveal(), redis).empty()) {
    return;
  }
  redis_news_ = std::make_unique<RedisBell>(redis, "rp:registry", heard);
}

void OwnRegistry::stop() {
  database_news_.reset();
  redis_news_.reset();
  refresh_.reset();
}

}  // namespace responses_proxy
