#include "codex/codex_catalog.h"

#include <doctest/doctest.h>

#include "unit/codex/entry_of_codex.h"

namespace responses_proxy {

namespace {

using testing::catalog_of;
using testing::entry_of_codex;
using Names = std::vector<std::string>;

Resource resource_of(const std::string& provider, const std::string& wire_api,
                     bool registered = true) {
  Resource resource;
  resource.id = provider + "-1";
  resource.provider_id = provider;
  resource.pool_id = provider;
  resource.wire_api = wire_api;
  resource.registered = registered;
  return resource;
}

ModelAlias alias_of(const std::string& name, const std::string& provider, const std::string& model,
                    const std::string& capabilities = {}) {
  ModelAlias alias;
  alias.name = name;
  alias.targets.push_back({.provider_id = provider, .model = model, .capabilities = capabilities});
  return alias;
}

const std::vector<Resource> kResources{resource_of("openai-main", "responses"),
                                       resource_of("kimi-main", "chat_completions")};

CodexCatalog catalog_with(const std::vector<Json>& entries) {
  std::string problem;
  CodexCatalog catalog(parse_catalog(catalog_of(entries), problem));
  CHECK(problem == "");
  return catalog;
}

Names names_in(const Json& list, const char* name) {
  Names names;
  for (const Json& one : list) names.push_back(one[name]);
  return names;
}

}  // namespace

TEST_CASE("each alias stands in both lists, under its own name") {
  const std::vector<ModelAlias> aliases{alias_of("kimi/k2", "kimi-main", "k2"),
                                        alias_of("fast", "openai-main", "gpt-9")};
  const auto catalog = CodexCatalog({}).of(kResources, aliases);
  const Json list = Json::parse(catalog->json);
  CHECK(list["object"] == "list");
  CHECK(names_in(list["data"], "id") == Names{"kimi/k2", "fast"});
  CHECK(names_in(list["models"], "slug") == Names{"kimi/k2", "fast"});
  std::string problem;
  parse_catalog(catalog->json, problem);
  CHECK(problem == "");
}

TEST_CASE("models of the base follow where a key takes models that are no aliases") {
  const CodexCatalog catalog = catalog_with({entry_of_codex("gpt-9"), entry_of_codex("fast")});
  const std::vector<ModelAlias> aliases{alias_of("fast", "openai-main", "gpt-8")};
  auto resources = kResources;
  CHECK(names_in(Json::parse(catalog.of(resources, aliases)->json)["models"], "slug") ==
        Names{"fast"});
  resources.push_back(resource_of("environment", "responses", false));
  const Json models = Json::parse(catalog.of(resources, aliases)->json)["models"];
  CHECK(names_in(models, "slug") == Names{"fast", "gpt-9"});
  CHECK(models[1] == entry_of_codex("gpt-9"));
  CHECK(models[0]["context_window"] == 272'000);  // what the base says of that name
  CHECK(models[0]["priority"] > models[1]["priority"]);
}

TEST_CASE("an alias has the entry of the model behind it, if nobody translates") {
  const CodexCatalog catalog = catalog_with({entry_of_codex("gpt-9")});
  const std::vector<ModelAlias> aliases{alias_of("passed", "openai-main", "gpt-9"),
                                        alias_of("translated", "kimi-main", "gpt-9"),
                                        alias_of("gone", "nobody", "gpt-9")};
  const Json models = Json::parse(catalog.of(kResources, aliases)->json)["models"];
  CHECK(models[0]["tool_mode"] == "code_mode_only");
  CHECK(models[0]["multi_agent_version"] == "v2");
  for (const std::size_t i : {std::size_t{1}, std::size_t{2}}) {
    CHECK(models[i]["context_window"] == 128'000);
    CHECK(models[i]["multi_agent_version"] == "disabled");
  }
}

TEST_CASE("with one target of several that is translated, the alias is") {
  const CodexCatalog catalog = catalog_with({entry_of_codex("gpt-9")});
  ModelAlias both = alias_of("both", "openai-main", "gpt-9");
  both.targets.push_back({.provider_id = "kimi-main", .model = "gpt-9"});
  ModelAlias everywhere{"everywhere", {{.model = "gpt-9"}}};
  const std::vector<ModelAlias> aliases{both, everywhere};
  const Json models = Json::parse(catalog.of(kResources, aliases)->json)["models"];
  CHECK(models[0]["multi_agent_version"] == "disabled");
  CHECK(models[1]["multi_agent_version"] == "disabled");
}

TEST_CASE("of two aliases of one name the last one counts") {
  const std::vector<ModelAlias> aliases{
      alias_of("fast", "openai-main", "gpt-8", R"({"context_window":1000})"),
      alias_of("fast", "openai-main", "gpt-9", R"({"context_window":2000})")};
  const Json models = Json::parse(CodexCatalog({}).of(kResources, aliases)->json)["models"];
  REQUIRE(models.size() == 1);
  CHECK(models[0]["context_window"] == 2'000);
}

TEST_CASE("the ETag is another one when something is told otherwise, and only then") {
  const CodexCatalog catalog{CatalogBase()};
  const std::vector<ModelAlias> before{alias_of("fast", "openai-main", "gpt-8")};
  const std::vector<ModelAlias> elsewhere{alias_of("fast", "openai-main", "gpt-9")};
  const std::vector<ModelAlias> after{
      alias_of("fast", "openai-main", "gpt-8", R"({"context_window":1000})")};
  const std::string etag = catalog.of(kResources, before)->etag;
  CHECK(etag.size() == 18);
  CHECK(etag.front() == '"');
  CHECK(catalog.of(kResources, elsewhere)->etag == etag);
  CHECK(catalog.of(kResources, after)->etag != etag);
}

TEST_CASE("entries taken over from the base are bounded") {
  Json large = entry_of_codex("gpt-9");
  large["base_instructions"] = std::string(CodexCatalog::kMaxCopied / 2, 'x');
  const CodexCatalog catalog = catalog_with({large});
  std::vector<ModelAlias> aliases;
  for (int i = 0; i < 4; ++i) {
    aliases.push_back(alias_of("alias-" + std::to_string(i), "openai-main", "gpt-9"));
  }
  const auto made = catalog.of(kResources, aliases);
  CHECK(made->json.size() < CodexCatalog::kMaxCopied);
  CHECK(Json::parse(made->json)["models"].size() == 4);
}

}  // namespace responses_proxy
