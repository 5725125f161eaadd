// What the keys become: ids that stay with the account, names for people.
#include "config/resources.h"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>

#include "unit/config/map_environment.h"

using namespace responses_proxy;
using responses_proxy::testing::load;
using responses_proxy::testing::messages;
using responses_proxy::testing::Variables;

namespace {

using Ids = std::map<std::string, std::string>;

Ids ids_by_key(const Variables& variables) {
  const LoadedConfig loaded = load(variables);
  CHECK(loaded.errors.empty());
  Ids ids;
  for (const Resource& resource : loaded.config.resources) {
    ids[resource.credential.reveal()] = resource.id;
  }
  return ids;
}

std::vector<std::string> names(const Variables& variables) {
  std::vector<std::string> names;
  for (const Resource& resource : load(variables).config.resources) names.push_back(resource.name);
  return names;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a resource's id is made from base URL and key, and tells neither") {
  // printf 'https://api.openai.com/v1\nsk-a' | sha256sum
  const Ids ids = ids_by_key({{"OPENAI_API_KEY", "sk-a"}});
  CHECK(ids.at("sk-a") == "openai-15a9e7ce");
  CHECK(ids_by_key({{"OPENAI_API_KEY", "sk-a"},
                    {"PROXY_UPSTREAM_BASE_URL", "https://eu.api.openai.com/v1"}}) != ids);
}

TEST_CASE(
    "ids stay when keys are removed, added, reordered, repeated or moved to other variables") {
  const Ids all = ids_by_key({{"OPENAI_API_KEYS", "sk-a,sk-b,sk-c"}});
  std::set<std::string> distinct;
  for (const auto& [key, id] : all) distinct.insert(id);
  CHECK(distinct.size() == 3);
  const Variables changed[] = {{{"OPENAI_API_KEYS", "sk-a,sk-c"}},
                               {{"OPENAI_API_KEYS", "sk-c,sk-b,sk-a"}},
                               {{"OPENAI_API_KEYS", "sk-b,sk-b,sk-c"}},
                               {{"OPENAI_API_KEY_7", "sk-c"}, {"OPENAI_API_KEY", "sk-a"}},
                               {{"OPENAI_API_KEYS", "sk-new,sk-b"},
                                {"OPENAI_RESOURCE_POOL_IDS", "p,q"},
                                {"OPENAI_RESOURCE_NAMES", "x,y"},
                                {"OPENAI_RESOURCE_WEIGHTS", "3,4"}}};
  for (const Variables& variables : changed) {
    for (const auto& [key, id] : ids_by_key(variables)) {
      CAPTURE(key);
      if (all.contains(key)) CHECK(id == all.at(key));
    }
  }
}

TEST_CASE("two keys whose ids would be the same both get a longer one, in any order") {
  // Found by trying: both begin with b7e95c02.
  const Ids ids = ids_by_key({{"OPENAI_API_KEYS", "sk-collide-072647,sk-b,sk-collide-081123"}});
  CHECK(ids.at("sk-b").size() == std::string("openai-").size() + config::kIdDigits);
  CHECK(ids.at("sk-collide-081123") == "openai-b7e95c02ce3112fb");
  CHECK(ids.at("sk-collide-072647").starts_with("openai-b7e95c02"));
  CHECK(ids.at("sk-collide-072647") != ids.at("sk-collide-081123"));
  CHECK(ids_by_key({{"OPENAI_API_KEYS", "sk-collide-081123,sk-collide-072647,sk-b"}}) == ids);
}

TEST_CASE("names are by position, padded; one name for two keys is an error") {
  const Variables keys{{"OPENAI_API_KEYS", "sk-a,sk-a,sk-b,sk-c"}};
  const auto with_names = [&](const char* value) {
    Variables variables = keys;
    variables["OPENAI_RESOURCE_NAMES"] = value;
    return variables;
  };
  CHECK(names(keys) == Texts{"openai-1", "openai-2", "openai-3"});
  CHECK(names(with_names("team-a, team-b")) == Texts{"team-a", "team-b", "openai-3"});

  for (const char* wrong : {"a,b,c,d", "a,a", "a,b,a", "openai-2", "a,", "a b", "p\xc3\xb6ol"}) {
    CAPTURE(wrong);
    const LoadedConfig loaded = load(with_names(wrong));
    REQUIRE(loaded.errors.size() == 1);
    CHECK(loaded.errors[0].variable == "OPENAI_RESOURCE_NAMES");
    CHECK(loaded.errors[0].message.find("allowed: ") != std::string::npos);
  }
  CHECK(messages(load(with_names("a,b,c,d"))).find("4 items for 3 keys") != std::string::npos);
  CHECK(messages(load(with_names("openai-2"))).find("called \"openai-2\"") != std::string::npos);
}
