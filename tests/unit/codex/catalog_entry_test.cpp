#include "codex/catalog_entry.h"

#include <doctest/doctest.h>

#include "codex/catalog_base.h"
#include "unit/codex/entry_of_codex.h"

namespace responses_proxy {

namespace {

using testing::catalog_of;
using testing::entry_of_codex;

Json entry_with(std::string_view capabilities, bool translated = true) {
  return catalog_entry({"kimi/k2", "Kimi", 7, capabilities, translated}, nullptr);
}

}  // namespace

TEST_CASE("an alias of which nothing is known has an entry that Codex takes") {
  const Json entry = catalog_entry({.slug = "kimi/k2"}, nullptr);
  std::string problem;
  parse_catalog(catalog_of({entry}), problem);
  CHECK(problem == "");
  CHECK(entry["display_name"] == "kimi/k2");
  CHECK(entry["context_window"] == kDefaultContextWindow);
  CHECK(entry["use_responses_lite"] == false);
  CHECK(entry["multi_agent_version"] == "disabled");
  CHECK(entry["apply_patch_tool_type"] == "freeform");
}

TEST_CASE("what an alias says of its model stands in its entry") {
  const Json entry = entry_with(
      R"({"context_window":262144,"input_modalities":["text"],"default_reasoning_level":"high",)"
      R"("supported_reasoning_levels":["low",{"effort":"high","description":"Deeper"}],)"
      R"("apply_patch_tool_type":null,"base_instructions":"Be brief.","streaming":true})");
  CHECK(entry["context_window"] == 262'144);
  CHECK(entry["input_modalities"] == Json::array({"text"}));
  CHECK(entry["supported_reasoning_levels"] ==
        Json::parse(R"([{"effort":"low","description":"low"},)"
                    R"({"effort":"high","description":"Deeper"}])"));
  CHECK(entry["default_reasoning_level"] == "high");
  CHECK(entry["apply_patch_tool_type"].is_null());
  CHECK(entry["base_instructions"] == "Be brief.");
  CHECK_FALSE(entry.contains("streaming"));
}

TEST_CASE("what Codex would not take is left out: it would take no list at all") {
  const Json plain = entry_with("");
  for (const char* capabilities :
       {R"({"context_window":1.5})", R"({"context_window":"128000"})", R"({"context_window":0})",
        R"({"input_modalities":[]})", R"({"input_modalities":["video"]})",
        R"({"apply_patch_tool_type":"function"})", R"({"shell_type":"bash"})",
        R"({"visibility":"maybe"})", R"({"priority":3000000000})", R"({"support_verbosity":"yes"})",
        R"({"truncation_policy":{"mode":"words","limit":1}})",
        R"({"supported_reasoning_levels":[{"effort":"low"}]})", R"({"web_search_tool_type":null})",
        R"({"default_reasoning_summary":7})", R"({"base_instructions":null})", "[]", "no JSON"}) {
    CAPTURE(capabilities);
    CHECK(entry_with(capabilities) == plain);
  }
}

TEST_CASE("behind a translating dialect what only Responses upstreams can do stays off") {
  const char* const wish = R"({"multi_agent_version":"v2","use_responses_lite":true})";
  const Json translated = entry_with(wish, true);
  CHECK(translated["multi_agent_version"] == "disabled");
  CHECK(translated["use_responses_lite"] == false);
  const Json passed = entry_with(wish, false);
  CHECK(passed["multi_agent_version"] == "v2");
  CHECK(passed["use_responses_lite"] == true);

  const Json known = entry_of_codex("gpt-9");
  const Json of_model = catalog_entry({"kimi/k2", "", 7, "", true}, &known);
  CHECK(of_model["multi_agent_version"] == "disabled");
  CHECK(of_model["use_responses_lite"] == false);
  CHECK(of_model["tool_mode"] == "direct");
}

TEST_CASE("the entry of the model behind an alias goes on under the alias's name") {
  const Json known = entry_of_codex("gpt-9");
  const Json entry = catalog_entry({"team/coder", "Coder", 1'001, "", false}, &known);
  CHECK(entry["slug"] == "team/coder");
  CHECK(entry["display_name"] == "Coder");
  CHECK(entry["priority"] == 1'001);
  CHECK(entry["context_window"] == 272'000);
  CHECK(entry["tool_mode"] == "code_mode_only");
  CHECK_FALSE(entry.contains("upgrade"));
}

}  // namespace responses_proxy
