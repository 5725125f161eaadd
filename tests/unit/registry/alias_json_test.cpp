#include "registry/alias_json.h"

#include <doctest/doctest.h>

namespace responses_proxy {

namespace {

bool is_known(std::string_view id) {
  return id == "kimi-main" || id == "openai-main";
}

struct Read {
  Alias alias;
  std::vector<std::string> fields;  // that are wrong
  std::vector<std::string> unknown;
};

Read read(const Json& body) {
  Read result;
  std::vector<FieldError> errors;
  result.alias = read_alias(body, is_known, errors, result.unknown);
  for (const FieldError& error : errors) result.fields.push_back(error.field);
  return result;
}
using Fields = std::vector<std::string>;

Json minimal() {
  return {{"alias", "kimi/k2"}, {"provider_id", "kimi-main"}, {"upstream_id", "kimi-k2.6"}};
}

}  // namespace

TEST_CASE("an alias has one target, or a list of them") {
  const Read one = read(minimal());
  CHECK(one.fields.empty());
  CHECK(one.alias.display_name == "kimi/k2");
  CHECK(one.alias.kind == "model");
  REQUIRE(one.alias.targets.size() == 1);
  CHECK(one.alias.targets[0].provider_id == "kimi-main");
  CHECK(one.alias.targets[0].upstream_id == "kimi-k2.6");

  const Read several =
      read({{"alias", "best"},
            {"targets",
             {{{"provider_id", "kimi-main"}, {"upstream_id", "k2"}, {"weight", 3}},
              {{"provider_id", "openai-main"}, {"upstream_id", "gpt"}, {"priority", 1U}}}}});
  CHECK(several.fields.empty());
  REQUIRE(several.alias.targets.size() == 2);
  CHECK(several.alias.targets[0].weight == 3);
  CHECK(several.alias.targets[1].priority == 1);
}

TEST_CASE("the route may name the model") {
  CHECK(read({{"alias", "a"}, {"provider_id", "kimi-main"}, {"route", {{"model", "k2"}}}})
            .alias.targets.at(0)
            .upstream_id == "k2");
}

TEST_CASE("everything that is wrong with an alias is told at once") {
  CHECK(read({{"alias", "a b"}, {"kind", "robot"}, {"provider_id", "gone"}}).fields ==
        Fields{"alias", "kind", "upstream_id", "provider_id"});
  struct {
    Json more;
    Fields fields;
  } const cases[] = {
      {{{"alias", "a//b"}}, {"alias"}},
      {{{"alias", "/a"}}, {"alias"}},
      {{{"alias", "a/.."}}, {"alias"}},
      {{{"alias", std::string(129, 'a')}}, {"alias"}},
      {{{"upstream_id", "two words"}}, {"upstream_id"}},
      {{{"targets", Json::array()}}, {"targets"}},
      {{{"targets", {1}}}, {"targets[0]"}},
      {{{"targets", {{{"provider_id", "kimi-main"}}}}}, {"targets[0].upstream_id"}},
      {{{"targets",
         {{{"provider_id", "kimi-main"}, {"upstream_id", "kimi-k2.6"}},
          {{"provider_id", "gone"}, {"upstream_id", "x"}, {"weight", 0}, {"priority", -1}}}}},
       {"targets[1].provider_id", "targets[1].weight", "targets[1].priority"}},
      {{{"targets",
         {{{"provider_id", "kimi-main"}, {"upstream_id", "kimi-k2.6"}},
          {{"provider_id", "kimi-main"}, {"upstream_id", "kimi-k2.6"}}}}},
       {"targets[1]"}},
      {{{"targets", {{{"provider_id", "openai-main"}, {"upstream_id", "gpt"}}}}}, {"targets"}},
      {{{"capabilities", "all"}}, {"capabilities"}},
      {{{"enabled", 1}}, {"enabled"}},
  };
  for (const auto& [more, fields] : cases) {
    CAPTURE(more.dump());
    Json body = minimal();
    body.update(more);
    CHECK(read(body).fields == fields);
  }
}

TEST_CASE("what an alias or a target of it does not have is told") {
  Json body = minimal();
  body["taregts"] = Json::array();
  body["targets"] = {{{"provider_id", "kimi-main"}, {"upstream_id", "kimi-k2.6"}, {"weigth", 2}}};
  CHECK(read(body).unknown == Fields{"targets[0].weigth", "taregts"});
}

TEST_CASE("a patch changes what it names of an alias") {
  const Alias before = read(minimal()).alias;
  const auto patched = [&](const Json& patch) {
    const Read result = read(patched_alias(before, patch));
    CHECK(result.fields.empty());
    CHECK(result.unknown.empty());
    return result.alias;
  };
  CHECK(patched({{"enabled", false}}).targets.size() == 1);
  CHECK_FALSE(patched({{"enabled", false}}).enabled);
  const Alias moved = patched({{"provider_id", "openai-main"}});
  CHECK(moved.targets.at(0).provider_id == "openai-main");
  CHECK(moved.targets.at(0).upstream_id == "kimi-k2.6");
  CHECK(patched({{"targets",
                  {{{"provider_id", "openai-main"}, {"upstream_id", "a"}},
                   {{"provider_id", "openai-main"}, {"upstream_id", "b"}}}}})
            .targets.size() == 2);
  CHECK(patched({{"alias", "other"}}).alias == "kimi/k2");
}

TEST_CASE("what is stored of an alias reads back") {
  Json body = minimal();
  body["capabilities"] = {{"tools", true}};
  body["route"] = {{"type", "responses"}, {"model", "kimi-k2.6"}};
  const Json document = to_document(read(body).alias);
  CHECK(to_document(alias_of_document(document)) == document);
}

}  // namespace responses_proxy
