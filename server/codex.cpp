#include "server/codex.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "codex/catalog_base.h"
#include "core/file_stamp.h"
#include "server/codex_settings.h"
#include "server/http_call.h"
#include "server/own_url.h"
#include "server/start_error.h"

namespace responses_proxy {

namespace {

constexpr int kNoAnswer = 1;
constexpr int kNotFound = 127;  // as shells say it

std::string base_url_of(const Config& config, const CodexOptions& options) {
  std::string url = options.url.empty() ? own_url(config) : options.url;
  while (url.ends_with('/')) url.pop_back();
  return url.ends_with("/v1") ? url : url + "/v1";
}

std::string key_of(const Config& config) {
  const char* given = std::getenv(kCodexKeyVariable);
  if (given != nullptr && *given != '\0') return given;
  return config.client_tokens.empty() ? "unused" : config.client_tokens.front().secret.reveal();
}

// What Codex would get. The problem is a whole sentence.
CatalogBase served_catalog(const std::string& base_url, const OwnTls& tls, const std::string& key,
                           std::string& problem) {
  const std::string url = base_url + "/models?client_version=0";
  const HttpAnswer answer =
      http_call({.url = url, .headers = {"authorization: Bearer " + key}, .own_tls = tls});
  if (answer.status == 200) {
    CatalogBase catalog = parse_catalog(answer.body, problem);
    if (!problem.empty()) problem = fmt::format("the answer of {} {}", url, problem);
    return catalog;
  }
  problem = answer.status == 0
                ? fmt::format("{}: {}. Is rp-server running? --url names another address.", url,
                              answer.problem)
                : fmt::format("{}: HTTP {}: {}", url, answer.status, answer.body);
  if (answer.status == 401) problem += fmt::format(" ({} is sent as the token)", kCodexKeyVariable);
  return {};
}

struct Catalogs {
  CatalogBase served;
  std::string problem;              // with the proxy
  std::vector<CatalogEntry> added;  // of MODEL_CATALOG_JSON, which the proxy does not have
};

Catalogs find_catalogs(const Config& config, const std::string& base_url, const OwnTls& tls) {
  Catalogs found;
  std::string problem;
  CatalogBase own = read_catalog(config.model_catalog_json, problem);
  if (!problem.empty()) {
    throw StartError("MODEL_CATALOG_JSON", config.model_catalog_json + ": " + problem);
  }
  found.served = served_catalog(base_url, tls, key_of(config), found.problem);
  for (CatalogEntry& entry : own.entries) {
    if (found.served.find(entry.slug) == nullptr) found.added.push_back(std::move(entry));
  }
  return found;
}

std::string text_of(const Catalogs& catalogs) {
  Json models = Json::array();
  for (const CatalogEntry& entry : catalogs.served.entries) models.push_back(entry.json);
  for (const CatalogEntry& entry : catalogs.added) models.push_back(entry.json);
  return Json{{"models", std::move(models)}}.dump(2, ' ', false, Json::error_handler_t::replace);
}

void warn(const std::string& text) {
  fmt::print(stderr, "warning: {}\n", text);
}

// What goes wrong later, and without a word from Codex.
void warn_about(const Catalogs& catalogs) {
  if (!catalogs.problem.empty()) return warn(catalogs.problem);
  bool has_codex_models = catalogs.served.entries.empty() || !catalogs.added.empty();
  for (const CatalogEntry& entry : catalogs.served.entries) {
    const std::string_view model = codex_model_in(entry.slug);
    has_codex_models = has_codex_models || model == entry.slug;
    if (model != entry.slug && !model.empty()) warn(name_warning(entry.slug));
  }
  if (has_codex_models) return;
  warn(
      "with this catalog Codex knows the proxy's aliases and nothing else; if the proxy serves "
      "models of Codex's own, set MODEL_CATALOG_JSON there to a file that holds what "
      "`codex debug models --bundled` prints");
}

int print_config(const Catalogs& catalogs, const CodexSetup& setup) {
  fmt::print(
      "# For ~/.codex/config.toml. {} has to be set: one of PROXY_CLIENT_TOKENS, or any\n"
      "# text where the proxy has none.\n{}",
      kCodexKeyVariable, codex_toml(setup));
  if (catalogs.served.entries.empty()) return 0;
  fmt::print("# Models that the proxy describes:");
  for (const CatalogEntry& entry : catalogs.served.entries) fmt::print(" {}", entry.slug);
  fmt::print("\n");
  return 0;
}

// The file that Codex reads where the proxy does not have all.
std::string kept_catalog(const Catalogs& catalogs) {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const std::string folder = cache != nullptr && *cache != '\0' ? cache
                             : home != nullptr                  ? std::string(home) + "/.cache"
                                                                : ".";
  const std::string path = folder + "/responses_proxy/codex-catalog.json";
  const std::string problem = replace_private_file(path, text_of(catalogs));
  if (!problem.empty()) throw StartError("MODEL_CATALOG_JSON", path + ": " + problem);
  return path;
}

int become_codex(const Config& config, const CodexOptions& options, const CodexSetup& setup) {
  std::vector<std::string> words{options.program};
  for (const auto& [name, value] : codex_settings(setup)) {
    words.push_back("-c");
    words.push_back(name + "=" + value);
  }
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::setenv(kCodexKeyVariable, key_of(config).c_str(), 1);
  std::fflush(nullptr);
  ::execvp(options.program.c_str(), arguments.data());
  fmt::print(stderr, "rp-server: cannot run {}: {} (--program names it)\n", options.program,
             std::strerror(errno));
  return kNotFound;
}

}  // namespace

int run_codex(const Config& config, const CodexOptions& options) {
  CodexSetup setup;
  setup.base_url = base_url_of(config, options);
  const Catalogs catalogs =
      find_catalogs(config, setup.base_url, options.url.empty() ? own_tls(config) : OwnTls{});
  warn_about(catalogs);
  if (options.task == CodexTask::catalog) {
    if (!catalogs.problem.empty()) return kNoAnswer;
    fmt::print("{}\n", text_of(catalogs));
    return 0;
  }
  setup.catalog_url = !catalogs.served.entries.empty();
  if (options.task == CodexTask::config) return print_config(catalogs, setup);
  if (!catalogs.problem.empty()) return kNoAnswer;
  if (!catalogs.added.empty()) setup.catalog_file = kept_catalog(catalogs);
  return become_codex(config, options, setup);
}

}  // namespace responses_proxy
