#include "registry/registry_file.h"

#include <doctest/doctest.h>

namespace responses_proxy {

namespace {

const ProviderRules kFileRules{.wire_apis = {"responses"}};
const ProviderRules kPublicOnly{.allow_private_upstreams = false, .wire_apis = {"responses"}};

}  // namespace

TEST_CASE("a registry file is read whole, or all that is wrong with it is told") {
  const RegistryFile good = parse_registry_file(
      R"({"$schema":"registry.schema.json",
          "providers":[{"id":"kimi","base_url":"https://h/v1","credential_ref":"env:KIMI"}],
          "models":[{"alias":"k2","provider_id":"elsewhere","upstream_id":"k2"}]})",
      kFileRules);
  CHECK(good.problems.empty());
  CHECK(good.contents.providers.at("kimi").source == RegistrySource::file);
  CHECK(good.contents.aliases.count("k2") == 1);
  CHECK(parse_registry_file("{}", kFileRules).problems.empty());

  const RegistryFile bad = parse_registry_file(
      R"({"providers":[{"id":"a","base_url":"h"},{"id":"b","base_url":"https://h","api_key":"sk-1"},
                       {"id":"b","base_url":"https://h","weigth":1}, 7],
          "models":{}, "aliases":[]})",
      kFileRules);
  const std::vector<std::string> told = bad.problems;
  REQUIRE(told.size() == 7);
  CHECK(told[0].starts_with("aliases: is not known"));
  CHECK(told[1].starts_with("providers[0].base_url: "));
  CHECK(told[2] == "providers[1].api_key: cannot be set here: use credential_ref");
  CHECK(told[3] == "providers[2].weigth: is not known");
  CHECK(told[4] == "providers[2]: \"b\" is there twice");
  CHECK(told[5] == "providers[3]: must be a JSON object");
  CHECK(told[6].starts_with("models: must be a list"));
}

TEST_CASE("a registry file that is none") {
  for (const char* text : {"", "[]", "{", "null"}) {
    const auto problems = parse_registry_file(text, kFileRules).problems;
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].starts_with("it is no JSON object"));
  }
  CHECK(read_registry_file("/gone/registry.json", kFileRules).problems ==
        std::vector<std::string>{"cannot be read: No such file or directory"});
}

TEST_CASE("a byte order mark before a registry file is passed over") {
  const std::string mark = "\xEF\xBB\xBF";
  CHECK(parse_registry_file(mark + R"({"providers":[]})", kFileRules).problems.empty());
  CHECK(parse_registry_file(mark + mark + "{}", kFileRules).problems.size() == 1);
}

TEST_CASE("a registry file obeys the rule for private addresses") {
  const char* text =
      R"({"providers":[{"id":"a","base_url":"http://10.0.0.1","auth_type":"none"}]})";
  CHECK(parse_registry_file(text, kFileRules).problems.empty());
  CHECK(parse_registry_file(text, kPublicOnly).problems.size() == 1);
}

}  // namespace responses_proxy
